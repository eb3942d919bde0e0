import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { annotations, apiVersion, secretTypes, squareApplications, squareConnections } from '../../src/api/names.ts';
import type { ConnectionStatus } from '../../src/api/status.ts';
import { days, hours } from '../../src/clock.ts';
import { pathOf, secrets } from '../../src/kube/resource.ts';
import type { Stage } from '../screenshots/stage.ts';

/** The one whose page of the dashboard is drawn: Square does not renew its token. */
export const ailing = { namespace: 'retail', connection: 'papeterie' } as const;

/** Asked to be refreshed, so that the operator hears Square's new time. */
const messenger = `${pathOf(squareConnections, 'retail')}/corner-bakery`;
const mergePatch = 'application/merge-patch+json';

/**
 * A month of a fleet, in some minutes: each state is held for as long as it takes to be seen in a graph. `note` is told
 * what happens.
 */
export async function playOut({ api, square, fleet, webURL }: Stage, note: (what: string) => void): Promise<void> {
  const seen = (seconds: number) => pause(seconds * 1_000);
  const tell = async () => {
    const value = new Date().toISOString();
    await api.ask('PATCH', messenger, {
      body: { metadata: { annotations: { [annotations.refreshRequestedAt]: value } } },
      contentType: mergePatch,
    });
    return async () => {
      for (;;) {
        const { status } = await api.ask<{ status?: ConnectionStatus }>('GET', messenger);
        if (status?.lastHandledRefreshRequest === value) return;
        await pause(100);
      }
    };
  };
  const pass = async (count: number) => {
    for (let day = 0; day < count; day += 1) {
      square.clock.advance(days(1));
      await (await tell())();
      await seen(2);
    }
  };

  note('14 connections are set up; one waits for its seller');
  await setPkce();
  await seen(8);
  await fleet.settled();
  note('a seller has removed the application, another is refused a renewal, a connection is suspended; it is day 8');
  await takeWebhooks();
  await seen(8);
  await pass(10);
  note('Square answers nothing');
  square.clock.advance(hours(1));
  const outage = square.faults.add({ endpoint: 'any', effect: { kind: 'drop', when: 'before' } });
  const heard = await tell();
  await seen(45);
  square.faults.remove(outage);
  note('Square answers again; it is day 18');
  await heard();
  await api.ask('PATCH', `${pathOf(squareConnections, 'services')}/yoga`, {
    body: { metadata: { annotations: { [annotations.disconnectRequestedAt]: new Date().toISOString() } } },
    contentType: mergePatch,
  });
  await seen(5);
  await pass(13);
  note('the token that is not renewed has ended; it is day 31');
  await seen(10);

  /** One whose refresh tokens work once and end after 90 days. */
  async function setPkce(): Promise<void> {
    const namespace = 'services';
    const { clientID } = square.addApplication({ name: 'Studio' });
    const { merchantID } = square.addSeller({ businessName: 'Studio Nord' });
    const token = square.grant({ clientID, merchantID, flow: 'PKCE' }).refreshToken.value;
    const make = (resource: Parameters<typeof pathOf>[0], name: string, content: object) =>
      api.ask('POST', pathOf(resource, namespace), { body: { metadata: { name }, ...content } });
    const kind = (of: { readonly kind: string }) => ({ apiVersion, kind: of.kind });
    await make(secrets, 'studio-nord-credential', { type: secretTypes.credential, stringData: { token } });
    await make(squareApplications, 'studio', {
      ...kind(squareApplications),
      spec: { environment: 'Production', flow: 'PKCE', clientID },
    });
    await make(squareConnections, 'studio-nord', {
      ...kind(squareConnections),
      spec: {
        applicationRef: { name: 'studio' },
        credential: { refreshToken: { secretRef: { name: 'studio-nord-credential', key: 'token' } } },
      },
    });
  }

  /** Somebody who is not Square sends some, and somebody comes back from a sign-in that nobody began. */
  async function takeWebhooks(): Promise<void> {
    const home = 'platform';
    const notificationURL = `${webURL}/webhooks/${home}/pos`;
    await api.ask('POST', pathOf(secrets, home), {
      body: { metadata: { name: 'pos-webhooks' }, stringData: { key: 'a-key-of-the-pictures' } },
    });
    await api.ask('PATCH', `${pathOf(squareApplications, home)}/pos`, {
      body: { spec: { webhook: { notificationURL, signatureKeyRefs: [{ name: 'pos-webhooks', key: 'key' }] } } },
      contentType: mergePatch,
    });
    const headers = { 'content-type': 'application/json', 'x-square-hmacsha256-signature': 'none' };
    for (let sent = 0; sent < 12; sent += 1) {
      await request(notificationURL, { method: 'POST', headers, body: '{}' }).then(({ body }) => body.dump());
      await request(`${webURL}/oauth/callback?state=none&code=none`).then(({ body }) => body.dump());
      await seen(0.5);
    }
  }
}
