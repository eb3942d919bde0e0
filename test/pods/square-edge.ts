import { freePort } from '../cluster/free-port.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { network } from './enclosure.ts';
import { startRelay } from './relay.ts';

/** For 10.85.0.1 in the enclosure, and for nothing else: self-signed, with its key, valid for a hundred years. */
export const edgeCertificate = `-----BEGIN CERTIFICATE-----
MIIBlTCCATqgAwIBAgIUQmINYJaMN9T0c1o7J1keM+aUtq4wCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLc3F1YXJlLWVkZ2UwIBcNMjYxMTIyMjMwMTEyWhgPMjEyNjEw
MjkyMzAxMTJaMBYxFDASBgNVBAMMC3NxdWFyZS1lZGdlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAErUdzUhQ9YVIvC9I0qmi3MrtiLISsp25uH8RyA1O8rL06daky
N+MALVO9UsbNe7XI3rMy5S7U+c+m1nWXg7E88qNkMGIwHQYDVR0OBBYEFOSto+Yb
rc0QkUQERKIJEjsDCiDMMB8GA1UdIwQYMBaAFOSto+Ybrc0QkUQERKIJEjsDCiDM
MA8GA1UdEwEB/wQFMAMBAf8wDwYDVR0RBAgwBocEClUAATAKBggqhkjOPQQDAgNJ
ADBGAiEAso2lcsx7V40aSJTnl5LKF+l5wOM3QNbAnk9sg94D9IsCIQDbuNst1hK2
ddN8ivIfiW1g/18zGuJXZhAnTfvpO5pzsw==
-----END CERTIFICATE-----
`;

const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwHuUumrhtVNnZsGX
K0pOcJpYt4uJg705VIKaLsT7BQihRANCAAStR3NSFD1hUi8L0jSqaLcyu2IshKyn
bm4fxHIDU7ysvTp1qTI34wAtU71Sxs17tcjeszLlLtT5z6bWdZeDsTzy
-----END PRIVATE KEY-----
`;

/** Leads pods to the simulator, over TLS; gives the URL for `--square-production-url`. It ends with the enclosure. */
export async function startSquareEdge(square: Simulator): Promise<string> {
  const to = new URL(square.url);
  const port = await freePort();
  await startRelay(
    { host: network.host, port },
    { host: to.hostname, port: Number(to.port) },
    { cert: edgeCertificate, key },
  );
  return `https://${network.host}:${port}`;
}
