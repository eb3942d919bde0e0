import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect } from 'vitest';
import { days, hours } from '../../../src/clock.ts';
import { allAlerts } from '../../../tools/monitoring/alerts.ts';
import { dashboardQueries, variables } from '../../../tools/monitoring/dashboard/dashboard.ts';
import { rulesFile, runbookBase } from '../../../tools/monitoring/rules.ts';
import { runDir } from '../../cluster/temp-dir.ts';
import { testUnless } from '../../support/needs.ts';
import { aSecret } from '../../support/objects.ts';
import { type Prometheus, startPrometheus, withoutWaiting } from '../../support/prometheus.ts';
import { lackOf } from '../../support/promtool.ts';
import type { App, Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

const lack = lackOf('prometheus');
const patience = 180_000;

/** What docs/monitoring.md shows of a run. */
function documentedTimeline(): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/monitoring.md'), 'utf8');
  return /```text\n(day [\s\S]*?)\n```/.exec(page)?.[1]?.split('\n') ?? [];
}

/** A line without what differs from run to run: the instant, an address, a share, how far Square's clock was moved. */
const comparable = (line: string) =>
  line.replace(/^day +[\d.]+ +/, '').replaceAll(/[\d.]+:\d+|[\d.]+%|(?:\b\d+[dhms] )+(?=off)/g, '…');

operatorSuite('alerts, as a real Prometheus fires them', { web: 'http' }, (world, scene) => {
  let dir: string | undefined;
  let prometheus: Prometheus;
  let began = 0;
  const timeline: string[] = [];
  const parties = {} as Record<'steady' | 'failing' | 'revoked' | 'doubtful' | 'parting', Party>;
  let app: App;

  const note = (what: string) => {
    const passed = (world.square.clock.now() - began) / days(1);
    timeline.push(`day ${passed.toFixed(1).padStart(4)}  ${what.replaceAll(world.namespace, 'shop')}`);
  };
  const strike = (party: Party, effect: object, endpoint: 'token' | 'any' = 'token') => {
    const id = world.square.faults.add({ endpoint, merchantID: party.merchantID, effect: effect as never });
    return () => world.square.faults.remove(id);
  };

  /** Resolves once the alert fires, about that connection where one is named; gives it as a person reads it. */
  async function fires(alert: string, about: Readonly<Record<string, string>> = {}) {
    const found = await prometheus.until(`${alert} fires`, async () =>
      (await prometheus.firing()).find(
        ({ labels }) =>
          labels['alertname'] === alert && Object.entries(about).every(([name, value]) => labels[name] === value),
      ),
    );
    note(`${alert} (${found.labels['severity']}): ${found.annotations['summary']}`);
    const known = allAlerts.find(({ name }) => name === alert);
    expect(found.labels['severity']).toBe(known?.severity);
    for (const text of Object.values(found.annotations)) expect(text).not.toMatch(/<no value>|error|{{/i);
    expect(found.annotations['runbook_url']).toMatch(new RegExp(`^${runbookBase}/[a-z-]+\\.md#[a-z]+$`));
    return found;
  }
  const ends = async (alert: string) => {
    await prometheus.until(`${alert} ends`, async () =>
      (await prometheus.firing()).some(({ labels }) => labels['alertname'] === alert) ? undefined : true,
    );
    note(`${alert} is over`);
  };
  const firingAbout = async (party: Party) =>
    (await prometheus.firing())
      .filter(({ labels }) => labels['name'] === party.name)
      .map(({ labels }) => labels['alertname']);

  beforeAll(async () => {
    if (lack !== undefined) return;
    app = await scene.application('pos', {
      webhook: {
        notificationURL: `${world.frontDoor?.url}/webhooks/${world.namespace}/pos`,
        signatureKeyRefs: [{ name: 'pos-keys', key: 'key' }],
      },
    });
    await scene.create('secrets', aSecret(world.namespace, 'pos-keys', { key: randomBytes(24).toString('hex') }));
    const pkce = await scene.application('pkce', { flow: 'PKCE', clientSecretRef: null });
    for (const name of ['steady', 'failing', 'revoked', 'parting'] as const) {
      parties[name] = await scene.connected({ name, app });
    }
    parties.doubtful = await scene.connected({ name: 'doubtful', app: pkce, flow: 'PKCE' });
    await scene.settle();
    const url = world.operators.at(-1)?.metricsURL ?? '';
    dir = await runDir();
    prometheus = await startPrometheus(dir, url, withoutWaiting(rulesFile()));
    began = world.square.clock.now();
    await prometheus.until('the operator is scraped', async () =>
      (await prometheus.query('up == 1')).length === 1 ? true : undefined,
    );
  }, patience);
  afterAll(async () => {
    await prometheus?.stop();
    if (dir !== undefined) await rm(dir, { recursive: true });
  });

  testUnless(
    lack,
    'nothing but the place of the keys is told of while all is well',
    async () => {
      await fires('SquareSealingKeysInCluster');
      expect((await prometheus.firing()).map(({ labels }) => labels['alertname'])).toEqual([
        'SquareSealingKeysInCluster',
      ]);
    },
    patience,
  );

  testUnless(
    lack,
    'a lost answer, and a revocation',
    async () => {
      const heal = strike(parties.doubtful, { kind: 'drop', when: 'after' });
      await scene.request('doubtful', 'refresh');
      await fires('SquareRotationInDoubt');
      heal();
      // Somebody does not want to wait for what shows that Square gives tokens again.
      await scene.request('doubtful', 'refresh');
      await scene.becomes('doubtful', { Renewable: 'False/RotationOutcomeLost' });
      await fires('SquareReauthorizationNeeded', { name: 'doubtful' });
      const { clientID, merchantID, credential } = parties.doubtful;
      const { refreshToken } = world.square.grant({ clientID, merchantID, flow: 'PKCE' });
      await scene.edit('secrets', credential, { stringData: { token: refreshToken.value } });
      await scene.becomes('doubtful', { Ready: 'True/Valid', Renewable: 'True' });
      await ends('SquareRotationInDoubt');

      world.square.disconnect({ clientID: app.clientID, merchantID: parties.revoked.merchantID });
      await scene.pass(hours(1));
      const revoked = await fires('SquareConnectionRevoked', { name: 'revoked' });
      expect(revoked.annotations['remedy']).toBe(`kubectl square status revoked -n ${world.namespace}`);
      await scene.signInAgain(parties.revoked);
      await ends('SquareConnectionRevoked');
    },
    patience,
  );

  testUnless(
    lack,
    'a token that is not renewed, from the first warning to its end',
    async () => {
      const heal = strike(parties.failing, { kind: 'answer', status: 503 });
      await scene.pass(days(7.6));
      // Square's clock is moved and that of this machine is not.
      await fires('SquareClockSkew');
      await fires('SquareTokenAging', { name: 'failing' });
      await scene.pass(days(0.6));
      await fires('SquareTokenTooOld', { name: 'failing' });
      await ends('SquareTokenAging');
      await scene.pass(days(15.5));
      await fires('SquareTokenEndsSoon', { name: 'failing' });
      await ends('SquareTokenTooOld');
      await scene.pass(days(7));
      await fires('SquareTokenExpired', { name: 'failing' });
      await ends('SquareTokenEndsSoon');
      expect(await firingAbout(parties.failing)).toEqual(['SquareTokenExpired']);
      expect(await firingAbout(parties.steady)).toEqual([]);
      heal();
      await scene.pass(hours(2));
      await scene.becomes('failing', { Ready: 'True/Valid' });
      await ends('SquareTokenExpired');
    },
    patience,
  );

  testUnless(
    lack,
    'an outage at Square is one page, and so is a fault of the application',
    async () => {
      const heal = Object.values(parties).map((party) => strike(party, { kind: 'drop', when: 'before' }, 'any'));
      await scene.pass(hours(1));
      await scene.pass(hours(1));
      await fires('SquareUnreachable');
      // Without their waiting times the others fire until their group is evaluated next, and no longer.
      await prometheus.until('one page is left', async () => {
        const pages = (await prometheus.firing()).filter(({ labels }) => labels['severity'] !== 'info');
        const names = pages.map(({ labels }) => labels['alertname'] ?? '').sort();
        return names.join() === 'SquareClockSkew,SquareUnreachable' ? true : undefined;
      });
      for (const one of heal) one();
      await scene.pass(hours(1));
      await ends('SquareUnreachable');

      const { clientSecret } = world.square.rotateSecret({ clientID: app.clientID });
      await scene.request('steady', 'refresh');
      const fault = await fires('SquareApplicationFault', { reason: 'ClientRefused' });
      expect(fault.annotations['remedy']).toBe(`kubectl describe squareapplication -n ${world.namespace} pos`);
      await scene.edit('secrets', 'pos-client', { stringData: { 'client-secret': clientSecret } });
      await ends('SquareApplicationFault');
    },
    patience,
  );

  testUnless(
    lack,
    'deliveries that nobody signed',
    async () => {
      const url = `${world.frontDoor?.url}/webhooks/${world.namespace}/pos`;
      await prometheus.until('SquareWebhooksRefused fires', async () => {
        const headers = { 'content-type': 'application/json', 'x-square-hmacsha256-signature': 'none' };
        await request(url, { method: 'POST', headers, body: '{}' }).then(({ body }) => body.dump());
        const all = await prometheus.firing();
        return all.find(({ labels }) => labels['alertname'] === 'SquareWebhooksRefused');
      });
      note('SquareWebhooksRefused');
    },
    patience,
  );

  testUnless(
    lack,
    'every query of the dashboard has an answer',
    async () => {
      await scene.request('parting', 'disconnect');
      await scene.becomes('parting', { Ready: 'False/Disconnected' });
      const nobodyBegan = `${world.frontDoor?.url}/oauth/callback?state=none&code=none`;
      await request(nobodyBegan).then(({ body }) => body.dump());
      const chosen = { environment: '.*', application: '.*', namespace: world.namespace, connection: 'doubtful' };
      const filled = (text: string) =>
        Object.entries(chosen)
          .reduce((filling, [name, value]) => filling.replaceAll(`$${name}`, value), text)
          .replaceAll('$__rate_interval', '10m');
      expect(dashboardQueries.length).toBeGreaterThan(40);
      for (const { title, expression } of dashboardQueries) {
        await prometheus.until(`${title} has an answer: ${filled(expression)}`, async () =>
          (await prometheus.query(filled(expression))).some(({ value }) => !Number.isNaN(value)) ? true : undefined,
        );
      }
      for (const { name, label, of, where } of variables) {
        const values = await prometheus.labelValues(name === 'connection' ? 'name' : name, `${of}${filled(where)}`);
        expect(
          values.filter((value) => value !== ''),
          label,
        ).not.toEqual([]);
      }
    },
    patience,
  );

  testUnless(
    lack,
    'series go with their connection, and an operator that is gone is noticed',
    async () => {
      await scene.remove('connections', 'parting');
      await prometheus.until('the series are gone', async () =>
        (await prometheus.query('{name="parting"}')).length === 0 ? true : undefined,
      );
      await world.operators.at(-1)?.stop();
      await fires('SquareOperatorAbsent');
      await world.startOperator();
      process.stdout.write(`\nTold in a month that this test made a bad one:\n${timeline.join('\n')}\n`);
      expect(timeline.map(comparable), 'docs/monitoring.md shows what is printed').toEqual(
        documentedTimeline().map(comparable),
      );
    },
    patience,
  );
});
