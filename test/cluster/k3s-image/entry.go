// The entry program of the stand-in image: what a test sees of k3s, made of the control plane's own programs.
//
// It takes k3s's arguments and ignores them, serves on port 6443, writes the kubeconfig where k3s does, and says what
// k3s says when it is ready. There is no node in it, so no pod ever runs.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const (
	state      = "/var/lib/rancher/k3s"
	kubeconfig = "/etc/rancher/k3s/k3s.yaml"
	server     = "https://127.0.0.1:6443"
	issuer     = "https://kubernetes.default.svc.cluster.local"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func file(name string) string { return filepath.Join(state, name) }

func write(path string, content []byte) string {
	must(os.MkdirAll(filepath.Dir(path), 0o700))
	must(os.WriteFile(path, content, 0o600))
	return path
}

func token() string {
	bytes := make([]byte, 24)
	_, err := rand.Read(bytes)
	must(err)
	return hex.EncodeToString(bytes)
}

func serviceAccountKeys() (private, public string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	privateDER, err := x509.MarshalECPrivateKey(key)
	must(err)
	publicDER, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(err)
	private = write(file("sa.key"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: privateDER}))
	public = write(file("sa.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER}))
	return private, public
}

// run starts a program; the container ends when it does.
func run(name string, args ...string) {
	command := exec.Command("/bin/"+name, args...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	must(command.Start())
	go func() { log.Fatalf("%s ended: %v", name, command.Wait()) }()
}

// The `server:` line ends its value: the client replaces it by the address that it sees.
func kubeconfigOf(ca []byte, token string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: default
  cluster:
    certificate-authority-data: %s
    server: %s
users:
- name: default
  user:
    token: %s
contexts:
- name: default
  context:
    cluster: default
    user: default
current-context: default
`, base64.StdEncoding.EncodeToString(ca), server, token)
}

// await polls until the API server answers 200.
func await(ca []byte, path, token string) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
	}
	for {
		request, err := http.NewRequest(http.MethodGet, server+path, nil)
		must(err)
		request.Header.Set("Authorization", "Bearer "+token)
		if answer, err := client.Do(request); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() { <-stop; os.Exit(0) }()

	must(os.MkdirAll("/tmp", 0o777))
	admin, manager := token(), token()
	tokens := write(file("tokens.csv"), fmt.Appendf(nil,
		"%s,admin,admin,\"system:masters\"\n%s,system:kube-controller-manager,kube-controller-manager\n", admin, manager))
	private, public := serviceAccountKeys()

	run("etcd", "--data-dir="+file("etcd"), "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:0")
	run("kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", "--secure-port=6443",
		"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--cert-dir="+file("certificates"),
		"--authorization-mode=Node,RBAC", "--token-auth-file="+tokens, "--service-account-issuer="+issuer,
		"--service-account-key-file="+public, "--service-account-signing-key-file="+private,
		"--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true")

	certificate := file("certificates/apiserver.crt")
	for {
		// Written after the certificate: when it is there, both are whole.
		if _, err := os.Stat(file("certificates/apiserver.key")); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	ca, err := os.ReadFile(certificate)
	must(err)
	await(ca, "/readyz", admin)
	managerConfig := write(file("kube-controller-manager.kubeconfig"), kubeconfigOf(ca, manager))
	run("kube-controller-manager", "--kubeconfig="+managerConfig, "--authentication-kubeconfig="+managerConfig,
		"--authorization-kubeconfig="+managerConfig, "--secure-port=0", "--leader-elect=false",
		"--use-service-account-credentials=true", "--service-account-private-key-file="+private,
		"--root-ca-file="+certificate)
	await(ca, "/api/v1/namespaces/default/serviceaccounts/default", admin)
	write(kubeconfig, kubeconfigOf(ca, admin))
	fmt.Println("Node controller sync successful")
	select {}
}
