import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Group } from '../cluster/group.ts';
import { run } from '../support/chart.ts';
import { network } from './enclosure.ts';
import { pauseImage } from './pause.ts';

export interface NodeOptions {
  readonly name: string;
  /** The ports of kubelet: this one, and the next one for its health. */
  readonly port: number;
  /** A folder of its own. */
  readonly dir: string;
  readonly kubelet: string;
  /** Of the API server, with every right. */
  readonly kubeconfig: string;
  /** Archives of all images that its pods may have, and further names of them. Nothing is pulled. */
  readonly images: readonly string[];
  readonly aliases: readonly (readonly [image: string, alias: string])[];
  readonly group: Group;
}

/** Starts containerd with the images and a kubelet that registers itself. Nodes of one enclosure share its network. */
export async function startNode(options: NodeOptions): Promise<void> {
  const { name, dir, group, images, kubelet, kubeconfig } = options;
  const socket = join(dir, 'containerd.sock');
  await mkdir(join(dir, 'cni'), { recursive: true });
  const config = {
    containerd: join(dir, 'containerd.toml'),
    network: join(dir, 'cni', '10-pods.conflist'),
    kubelet: join(dir, 'kubelet.json'),
  };
  await writeFile(config.containerd, containerdConfig(dir, socket));
  await writeFile(config.network, JSON.stringify(networkConfig(dir)));
  await writeFile(config.kubelet, JSON.stringify(kubeletConfig(options, socket)));
  const containerd = `containerd-${name}`;
  const log = (program: string) => join(dir, `${program}.log`);
  await group.launch({
    name: containerd,
    path: 'containerd',
    args: ['-c', config.containerd],
    logFile: log('containerd'),
  });
  await group.until(`${containerd} answers`, async () =>
    ctr(socket, 'version').then(
      () => true,
      () => false,
    ),
  );
  for (const image of images) await ctr(socket, 'images', 'import', image);
  for (const names of options.aliases) await ctr(socket, 'images', 'tag', ...names);
  const args = [
    `--config=${config.kubelet}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${name}`,
    `--node-ip=${network.host}`,
    `--root-dir=${join(dir, 'kubelet')}`,
    `--cert-dir=${join(dir, 'certificates')}`,
  ];
  await group.launch({ name: `kubelet-${name}`, path: kubelet, args, logFile: log('kubelet') });
}

async function ctr(socket: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await run('ctr', ['-a', socket, '-n', 'k8s.io', ...args]);
  if (code !== 0) throw new Error(`ctr ${args.join(' ')}: ${stderr}`);
}

// Ordinary users of a machine and its containers may be denied a lower OOM score than their own, and AppArmor.
const containerdConfig = (dir: string, socket: string) => `version = 2
root = "${join(dir, 'root')}"
state = "${join(dir, 'state')}"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${join(dir, 'cni')}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${join(dir, 'opt')}"
`;

/** All nodes stand at one bridge and take addresses from one place. Without masquerading it needs no firewall. */
const networkConfig = (dir: string) => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: network.bridge,
      isGateway: true,
      ipMasq: false,
      ipam: {
        type: 'host-local',
        dataDir: join(dir, '..', 'addresses'),
        ranges: [[{ subnet: network.subnet, gateway: network.host }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
});

const kubeletConfig = ({ dir, port }: NodeOptions, socket: string) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  containerRuntimeEndpoint: `unix://${socket}`,
  address: network.host,
  port,
  readOnlyPort: 0,
  healthzBindAddress: '127.0.0.1',
  healthzPort: port + 1,
  // Nobody but the enclosure reaches it.
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  // No names are looked up: there is no server to ask.
  resolvConf: '',
  podLogsDir: join(dir, 'logs'),
  volumePluginDir: join(dir, 'plugins'),
  cgroupDriver: 'cgroupfs',
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  failCgroupV1: false,
  failSwapOn: false,
  localStorageCapacityIsolation: false,
  // How often a mounted Secret is looked at; the default is a minute.
  syncFrequency: '5s',
  // What a machine has left is no matter of these tests.
  evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
  imageGCHighThresholdPercent: 100,
});
