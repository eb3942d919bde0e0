import { group, squareConnections } from '../api/names.ts';
import type { KubeError } from '../kube/client.ts';
import { Ending } from './exit.ts';
import { howToInstall } from './installing.ts';

/** What is wrong between here and the API server, for the person at the keyboard: one line of what is so, one of what helps. */

/** Ends with why the kubeconfig does not serve. */
export function explainKubeconfig(error: unknown): never {
  throw new Ending(
    'error',
    `${sentence(error instanceof Error ? error.message : String(error))}\nWrite another --kubeconfig or --context, or set KUBECONFIG.`,
  );
}

const lookAtNetwork =
  'See whether you are on the network or VPN of the cluster, and whether --context is the right one.';
const lookAtAuthority =
  'Its authority is not that of the kubeconfig (certificate-authority-data): get the kubeconfig of that cluster anew, or see whether a proxy stands before it.';

/** By the code of the system's or TLS' error. */
const remedies: readonly (readonly [codes: RegExp, remedy: string])[] = [
  [/^ECONNREFUSED$/, 'Nothing listens there: see whether the cluster runs, and whether --context is the right one.'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, `Its name is not known here. ${lookAtNetwork}`],
  [/^CERT_HAS_EXPIRED$/, 'The certificate of the API server has ended: its administrator has to renew it.'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'The API server’s certificate is for other names: correct the server of the kubeconfig, or its tls-server-name.',
  ],
  [/CERT|UNABLE_TO_VERIFY/, lookAtAuthority],
];

/** The first code along the causes. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : codeOf(error.cause);
}

/** What was asked for stands before the message; for people it is noise. */
const withoutCall = (message: string): string => message.replace(/^[A-Z]+ \/\S*: /, '');
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/[\s.]+$/, '')}.`;

function unanswered(error: KubeError): string {
  const says = withoutCall(error.message);
  const lacking = /: no credentials: (.*)/s.exec(says)?.[1];
  if (lacking !== undefined) {
    return `${sentence(`No credentials for the API server: ${lacking}`)}\nLog in again, or correct the user of the kubeconfig.`;
  }
  const code = codeOf(error);
  const remedy = remedies.find(([codes]) => codes.test(code))?.[1] ?? lookAtNetwork;
  return `${sentence(says)}\n${remedy}`;
}

/** What the API server's refusal, or its silence, means. */
export function explain(error: KubeError): Ending {
  const { status, about, message } = error;
  if (status === 0) return new Ending('error', unanswered(error));
  if (status === 401) {
    return new Ending(
      'error',
      'The API server does not know you (401): what the kubeconfig holds has ended or is of another cluster.\nLog in again, or correct the user of the kubeconfig.',
    );
  }
  if (status === 403) {
    const says = withoutCall(message).replace(/^403 \w+: /, 'Forbidden (403): ');
    const help = 'Ask for that right; "kubectl square doctor" lists what each verb needs.';
    return new Ending('error', `${sentence(says)}\n${help}`);
  }
  const absent = status === 404 && message.includes(`/apis/${group}/`) && about === undefined;
  if (!absent) return new Ending('error', message);
  return new Ending(
    'error',
    `No operator is installed here: this cluster does not know ${squareConnections.plural}.${group}.\n${howToInstall} Or choose another --context.`,
  );
}
