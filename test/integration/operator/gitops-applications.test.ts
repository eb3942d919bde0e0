import { expect } from 'vitest';
import { days, minutes } from '../../../src/clock.ts';
import { inGitOps } from '../../support/gitops.ts';
import { anApplication, aSecret, type StoredApplication } from '../../support/objects.ts';
import { operatorSuite } from '../../support/suite.ts';

const refusedToken = { kind: 'answer', status: 401, shape: 'V1', message: 'Invalid refresh token' } as const;
const disabled = {
  kind: 'answer',
  status: 403,
  category: 'AUTHENTICATION_ERROR',
  code: 'APPLICATION_DISABLED',
} as const;
const tooMany = { kind: 'answer', status: 429, category: 'RATE_LIMIT_ERROR', code: 'RATE_LIMITED' } as const;

// As for connections: what a person has to change is Failed, what is only not there yet is InProgress.
operatorSuite('an application in GitOps', {}, (world, scene) => {
  const { step, kstatus, situations, expectProgress } = inGitOps('SquareApplication');

  /** Its status is written every 30 s at most, so events take their time. */
  const becomes = (name: string, reason: string): Promise<StoredApplication> =>
    world.live.until(
      `${name}: ${reason}`,
      () => {
        const found = world.live.get('applications', world.namespace, name);
        return found?.status?.conditions?.[0]?.reason === reason && found;
      },
      60_000,
    );

  const situation = situations(becomes);

  const clientSecret = (name: string, secret: object) => scene.edit('secrets', `${name}-client`, secret);

  situation('one that works', ['Current', 'Healthy'], 'Ready', async () => [(await scene.application('good')).name]);
  situation(
    'one whose client secret is not there yet',
    ['InProgress', 'Progressing'],
    'ClientSecretNotFound',
    async () => {
      await scene.application('early');
      await scene.remove('secrets', 'early-client');
      return ['early'];
    },
  );
  situation('one whose client secret nobody may read', ['Failed', 'Degraded'], 'ClientSecretNotFound', async () => {
    const path = `/api/v1/namespaces/${world.namespace}/secrets`;
    await world.api.ask('POST', path, { body: { metadata: { name: 'opaque-client' }, stringData: { a: 'b' } } });
    const { clientID } = world.square.addApplication();
    await scene.create('applications', anApplication(world.namespace, 'opaque', { clientID }));
    return ['opaque'];
  });
  situation('one whose Secret lacks the key', ['Failed', 'Degraded'], 'ClientSecretNotFound', async () => {
    await scene.create('secrets', aSecret(world.namespace, 'keyless-client', { other: 'value' }));
    const { clientID } = world.square.addApplication();
    await scene.create('applications', anApplication(world.namespace, 'keyless', { clientID }));
    return ['keyless'];
  });
  situation('one that Square refuses', ['Failed', 'Degraded'], 'ClientRefused', async () => {
    const app = await scene.application('refused');
    await clientSecret('refused', { stringData: { 'client-secret': 'sq0csp-not-the-secret' } });
    await scene.connect({ app });
    return ['refused'];
  });
  situation('one that Square has disabled', ['Failed', 'Degraded'], 'ClientDisabled', async () => {
    const app = await scene.application('disabled');
    const { merchantID } = await scene.connected({ app });
    const fault = world.square.faults.add({ endpoint: 'locations', merchantID, effect: disabled });
    await scene.pass(minutes(70));
    return ['disabled', () => world.square.faults.remove(fault)];
  });
  situation(
    'one whose refresh tokens are refused in a row',
    ['Failed', 'Degraded'],
    'RefreshTokensRefused',
    async () => {
      const app = await scene.application('restored');
      for (let n = 0; n < 6; n++) await scene.connected({ app });
      const { clientID } = app;
      const fault = world.square.faults.add({ endpoint: 'token', clientID, effect: refusedToken });
      await scene.pass(days(7));
      return ['restored', () => world.square.faults.remove(fault)];
    },
  );
  situation('one that Square slows down', ['Current', 'Healthy'], 'RateLimited', async () => {
    const app = await scene.application('busy');
    const { name, merchantID } = await scene.connected({ app });
    const fault = world.square.faults.add({ endpoint: 'token', merchantID, effect: tooMany });
    await scene.request(name, 'refresh');
    return ['busy', () => world.square.faults.remove(fault)];
  });
  situation('one that is nearly full', ['Current', 'Healthy'], 'AuthorizationsNearLimit', async () => {
    const app = await scene.application('full', { maxAuthorizations: 1 });
    await scene.connected({ app });
    return ['full'];
  });

  step('one that was just created or changed, or is being deleted, is no other than that', async () => {
    const [created] = world.live.versions('applications', world.namespace, 'good');
    expectProgress(created, await becomes('good', 'Ready'));
  });

  step('a fault that is mended leaves no Stalled behind', async () => {
    await scene.edit('secrets', 'keyless-client', { stringData: { 'client-secret': 'sq0csp-any' } });
    const mended = await becomes('keyless', 'Ready');
    expect(mended.status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    expect(kstatus(mended)).toBe('Current');
  });
});
