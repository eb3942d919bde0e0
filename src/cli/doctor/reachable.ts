import { request } from 'undici';
import type { Clock } from '../../clock.ts';
import { seconds } from '../../clock.ts';
import { type Check, type Found, fail, ok, type Patient, skip, warn } from './finding.ts';
import { flagOf } from './rights.ts';

/** Whether the addresses that sellers and Square are given answer, from where the plugin runs. */

const patience = seconds(5);

/** The plugin never calls Square, whatever a field says. */
const isSquare = (host: string): boolean => /(^|\.)(squareup|squareupsandbox|squarecdn)\.com$/i.test(host);

export type Answered =
  | { readonly ok: true; readonly status: number; readonly text: string }
  | { readonly ok: false; readonly why: string };

/** One GET, without following where it leads. */
export async function textAt(url: string, clock: Clock): Promise<Answered> {
  const controller = new AbortController();
  const cancel = clock.after(patience, () => controller.abort(new Error('no answer within 5 s')));
  try {
    const { statusCode, body } = await request(url, {
      method: 'GET',
      signal: controller.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return { ok: true, status: statusCode, text: await body.text() };
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    return { ok: false, why: message || (code ?? 'no answer') };
  } finally {
    cancel();
  }
}

/** Where people come in: by the Deployment, or by the pages that connections name. */
export function externalURLOf({
  deployment,
  connections = [],
}: Pick<Patient, 'deployment' | 'connections'>): string | undefined {
  const flag = flagOf(deployment, 'external-url');
  if (flag !== undefined) return flag;
  const page = connections.find(({ status }) => status.authorizeURL !== undefined)?.status.authorizeURL;
  return page?.replace(/\/connect\/[^/]+\/[^/]+$/, '');
}

interface Address {
  readonly what: string;
  readonly url: string;
  /** Who has to reach it. */
  readonly remedy: string;
}

interface ApplicationSpec {
  readonly redirectURL?: string;
  readonly webhook?: { readonly notificationURL?: string };
}

/** Each address once. */
export function addressesOf(patient: Patient): Address[] {
  const external = externalURLOf(patient);
  const found: Address[] = [];
  const route = 'See Service and Ingress (or Gateway) of the operator’s web port, DNS and certificate.';
  if (external !== undefined) found.push({ what: 'external URL', url: `${external}/connections`, remedy: route });
  for (const { metadata, spec } of patient.applications ?? []) {
    const { redirectURL, webhook } = (spec ?? {}) as ApplicationSpec;
    const callback = redirectURL ?? (external === undefined ? undefined : `${external}/oauth/callback`);
    const of = `${metadata.namespace}/${metadata.name}`;
    if (callback !== undefined) {
      found.push({
        what: `redirect URL of ${of}`,
        url: callback,
        remedy: `Sellers’ browsers come back here: it must lead to the operator, and stand at Square to the letter. ${route}`,
      });
    }
    if (webhook?.notificationURL !== undefined) {
      found.push({
        what: `webhook of ${of}`,
        url: webhook.notificationURL,
        remedy: `Square must reach it from the internet. ${route}`,
      });
    }
  }
  return found;
}

/** Whether the pages are off, or it cannot be told from here. */
function whyUnknown({ deployment, unread }: Patient): string {
  const why = unread.deployment ?? unread.connections;
  if (deployment !== undefined || why === undefined)
    return 'no --external-url is known: pages, sign-in and webhooks are off';
  return `no address is known: the operator’s Deployment, or the connections, are not to be read: ${why}`;
}

export const addresses: Check = {
  name: 'Addresses',
  async look(patient): Promise<Found[]> {
    const external = externalURLOf(patient);
    const hooked = (patient.applications ?? []).filter(
      ({ spec }) => (spec as ApplicationSpec | undefined)?.webhook !== undefined,
    );
    if (external === undefined && hooked.length > 0) {
      return [
        warn(
          'applications have webhooks, and the operator has no --external-url: revocations are noticed at the next verification only',
          'Give --external-url.',
        ),
      ];
    }
    const known = addressesOf(patient);
    if (known.length === 0) return [skip(whyUnknown(patient))];
    const byURL = [...Map.groupBy(known, ({ url }) => url)];
    return Promise.all(
      byURL.map(async ([url, of]): Promise<Found> => {
        const what = `${of.map((one) => one.what).join(', ')} (GET ${url})`;
        const host = URL.canParse(url) ? new URL(url).hostname : '';
        if (isSquare(host)) return fail(`${what} is an address of Square`, 'Write the address of the operator there.');
        const answer = await textAt(url, patient.cluster.clock);
        const remedy = of[0]?.remedy ?? '';
        if (!answer.ok) return fail(`${what} does not answer from here: ${answer.why}`, remedy);
        return answer.status >= 500
          ? fail(`${what} answers ${answer.status} from here`, remedy)
          : ok(`${what} answers from here (${answer.status})`);
      }),
    );
  },
};
