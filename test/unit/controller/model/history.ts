import * as fc from 'fast-check';
import { annotations, sealedSecretName } from '../../../../src/api/names.ts';
import { days, formatInstant, hours, minutes } from '../../../../src/clock.ts';
import type { KubeObject } from '../../../../src/kube/resource.ts';
import { faults } from './square.ts';
import {
  aConnectionObject,
  anApplication,
  credential,
  foreignSecret,
  inState,
  isKey,
  isPKCE,
  merchantOf,
  type Name,
  names,
  type World,
} from './world.ts';

/** One thing that happens. It prints as what it is, so that a counterexample can be read. */
export interface Happening {
  readonly what: string;
  /** Acts at once, so that it can also happen in the middle of a pass. */
  act(world: World): void;
  /** How time goes on meanwhile. */
  readonly takes?: number;
}

const happening = (what: string, act: (world: World) => void, takes?: number): Happening => {
  const made = { what, act, ...(takes === undefined ? {} : { takes }) };
  return Object.assign(made, { [fc.toStringMethod]: () => what });
};

const name = fc.constantFrom<Name>(...names);

function spec(world: World, of: Name, change: Record<string, unknown>): void {
  world.api.edit('squareconnections', of, (object) => ({
    ...object,
    spec: { ...(object['spec'] as object), ...change },
  }));
}

function annotate(world: World, of: Name, annotation: string, value: string): void {
  world.api.edit('squareconnections', of, (object) => ({
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [annotation]: value } },
  }));
}

/** What becomes of the authorization then is no fault of the operator's. */
const meddle = ({ api, meddled }: World, of: Name): void =>
  void meddled.add(api.find('squareconnections', of)?.metadata.uid ?? '');

const tokenSecretOf = (world: World, of: Name): KubeObject | undefined =>
  world.api.all('secrets').find(({ metadata }) => metadata.annotations?.[annotations.connection] === of);

/** What people do. */
const edits: fc.Arbitrary<Happening> = fc.oneof(
  fc.tuple(name, fc.constantFrom('its own', 'another', 'no')).map(([of, whose]) =>
    happening(`${of} is given a new credential of ${whose} seller`, ({ api, square }) => {
      const merchant = whose === 'its own' ? merchantOf(of) : 'M-other';
      const token = whose === 'no' ? 'EQAAnobody' : square.newRefreshToken(merchant, whose === 'its own' && isPKCE(of));
      api.put('secrets', credential(`${of}-token`, { token }));
    }),
  ),
  name.map((of) => happening(`the credential of ${of} is deleted`, ({ api }) => api.remove('secrets', `${of}-token`))),
  name.map((of) =>
    happening(`the credential of ${of} is garbage`, ({ api }) =>
      api.put('secrets', credential(`${of}-token`, { token: 'two words' })),
    ),
  ),
  name.map((of) =>
    happening(`the token Secret of ${of} is deleted`, (world) => {
      const secret = tokenSecretOf(world, of);
      if (secret !== undefined) world.api.remove('secrets', secret.metadata.name);
    }),
  ),
  name.map((of) =>
    happening(`the token Secret of ${of} is spoilt`, (world) => {
      const secret = tokenSecretOf(world, of);
      if (secret !== undefined) {
        world.api.edit('secrets', secret.metadata.name, (object) => ({
          ...object,
          data: { 'access-token': 'c3BvaWx0' },
        }));
      }
    }),
  ),
  name.map((of) =>
    happening(`somebody takes the name of the token Secret of ${of}`, (world) => {
      world.api.remove('secrets', of);
      world.api.put('secrets', foreignSecret(of));
    }),
  ),
  name.map((of) =>
    happening(`the name of the token Secret of ${of} is given free`, ({ api }) => {
      if (api.find('secrets', of)?.metadata.labels === undefined) api.remove('secrets', of);
    }),
  ),
  name.map((of) =>
    happening(`the sealed Secret of ${of} is deleted`, (world) => {
      meddle(world, of);
      world.api.remove('secrets', sealedSecretName(of));
    }),
  ),
  name.map((of) =>
    happening(`an older sealed Secret of ${of} is put back`, (world) => {
      const { api } = world;
      meddle(world, of);
      const older = api.log.find(({ event }) => event.object.metadata.name === sealedSecretName(of));
      if (older !== undefined && api.find('secrets', sealedSecretName(of)) !== undefined) {
        api.edit('secrets', sealedSecretName(of), (object) => ({ ...object, data: older.event.object['data'] }));
      }
    }),
  ),
  fc
    .tuple(name, fc.boolean())
    .map(([of, suspend]) =>
      happening(`${of} is ${suspend ? 'suspended' : 'resumed'}`, (world) => spec(world, of, { suspend })),
    ),
  fc
    .tuple(name, fc.boolean())
    .map(([of, shortLived]) =>
      happening(`${of} asks for ${shortLived ? 'short' : 'long'} lives`, (world) => spec(world, of, { shortLived })),
    ),
  fc
    .tuple(name, fc.constantFrom('M-other', 'its own', undefined))
    .map(([of, pin]) =>
      happening(`${of} is pinned to ${pin}`, (world) =>
        spec(world, of, { merchantID: pin === 'its own' ? merchantOf(of) : pin }),
      ),
    ),
  fc
    .tuple(name, fc.boolean())
    .map(([of, other]) =>
      happening(`the token Secret of ${of} is renamed`, (world) =>
        spec(world, of, { secret: other ? { name: `${of}-renamed` } : undefined }),
      ),
    ),
  fc
    .tuple(name, fc.boolean())
    .map(([of, broken]) =>
      happening(`${of} has keys that ${broken ? 'clash' : 'fit'}`, (world) =>
        spec(world, of, { secret: broken ? { keys: { accessToken: 'a', expiresAt: 'a' } } : undefined }),
      ),
    ),
  fc
    .tuple(name, fc.constantFrom(0, -minutes(10), -hours(2), hours(2)))
    .map(([of, by]) =>
      happening(`a refresh of ${of} is requested for ${by / minutes(1)} min from now`, (world) =>
        annotate(world, of, annotations.refreshRequestedAt, formatInstant(Date.parse(world.wallNow()) + by)),
      ),
    ),
  name.map((of) =>
    happening(`an adoption by ${of} is requested`, (world) =>
      annotate(world, of, annotations.adoptRequestedAt, world.wallNow()),
    ),
  ),
  fc.constant(happening('the application is deleted', ({ api }) => api.remove('squareapplications', 'pos'))),
  fc.constant(happening('the application is there', ({ api }) => api.put('squareapplications', anApplication()))),
  fc.constantFrom({ requestsPerSecond: 1, burst: 1 }, undefined).map((rateLimit) =>
    happening(`the budget of the application is ${rateLimit === undefined ? 'wide' : 'narrow'}`, ({ api }) =>
      api.edit('squareapplications', 'pos', (object) => ({
        ...object,
        spec: { ...(object['spec'] as object), rateLimit },
      })),
    ),
  ),
  fc
    .constantFrom('good-secret', 'bad-secret')
    .map((value) =>
      happening(`the client secret is ${value}`, ({ api }) =>
        api.put('secrets', credential('client', { 'client-secret': value })),
      ),
    ),
);

/** How connections end, and begin again. */
const endings: fc.Arbitrary<Happening> = fc.oneof(
  name.map((of) => happening(`${of} is deleted`, ({ api }) => api.remove('squareconnections', of))),
  fc.integer({ min: 1, max: 14 }).map((left) =>
    happening(`${left} revocations are not answered`, ({ square }) => {
      square.faults.push({ on: 'revoke', fault: 'Unreachable', left });
    }),
  ),
  name.map((of) =>
    happening(`${of} is created anew`, ({ api }) => {
      if (api.find('squareconnections', of) === undefined) api.put('squareconnections', aConnectionObject(of));
    }),
  ),
  fc
    .tuple(name, fc.constantFrom(0, 0, -minutes(10), -hours(2)))
    .map(([of, by]) =>
      happening(`a disconnect of ${of} is requested for ${by / minutes(1)} min from now`, (world) =>
        annotate(world, of, annotations.disconnectRequestedAt, formatInstant(Date.parse(world.wallNow()) + by)),
      ),
    ),
  fc
    .tuple(name, fc.constantFrom('Revoke', 'Revoke', 'Retain'))
    .map(([of, deletionPolicy]) =>
      happening(`${of} is to ${deletionPolicy} when it is deleted`, (world) => spec(world, of, { deletionPolicy })),
    ),
  name.map((of) =>
    happening(`all of the authorization of ${of} is to end with it`, (world) =>
      annotate(world, of, annotations.revokeAll, 'true'),
    ),
  ),
  name.map((of) =>
    happening(`somebody takes the finalizers off ${of}`, (world) => {
      meddle(world, of);
      world.api.edit('squareconnections', of, (object) => ({
        ...object,
        metadata: { ...object.metadata, finalizers: [] },
      }));
    }),
  ),
);

/** What Square and the API server do. */
const troubles: fc.Arbitrary<Happening> = fc.oneof(
  fc.tuple(name, fc.boolean()).map(([of, stillborn]) =>
    happening(`new tokens of ${of} are ${stillborn ? 'not accepted' : 'accepted again'}`, ({ square }) => {
      if (stillborn) square.stillborn.add(merchantOf(of));
      else square.stillborn.delete(merchantOf(of));
    }),
  ),
  fc
    .tuple(fc.constantFrom('token', 'bearer', 'revoke'), fc.constantFrom(...faults), fc.integer({ min: 1, max: 6 }))
    .map(([on, fault, left]) =>
      happening(`${left} ${on} calls end in ${fault}`, ({ square }) => void square.faults.push({ on, fault, left })),
    ),
  fc
    .tuple(name, fc.constantFrom('Revoked', 'Forgotten'), fc.boolean())
    .map(([of, how, both]) =>
      happening(`the tokens of ${of} are ${how}${both ? ' and cannot be refreshed' : ''}`, ({ square }) =>
        square.kill(merchantOf(of), how, both),
      ),
    ),
  fc
    .tuple(fc.constantFrom('Forbidden', 'Unreachable', 'AnswerLost'), fc.integer({ min: 1, max: 4 }))
    .map(([fault, left]) =>
      happening(`${left} writes of Secrets end in ${fault}`, ({ apiFaults }) => void apiFaults.push({ fault, left })),
    ),
);

const keysOf = ({ api }: World): KubeObject[] => api.all('secrets').filter(isKey);

/** What happens to sealing keys. */
const keys: fc.Arbitrary<Happening> = fc.oneof(
  fc.constant(
    happening('the newest sealing key is retired', (world) => {
      const name = keysOf(world).at(-1)?.metadata.name;
      if (name !== undefined) world.api.edit('secrets', name, (key) => inState(key, 'retired'));
    }),
  ),
  fc.constant(
    happening('the oldest sealing key is taken away', (world) => {
      const [oldest, ...others] = keysOf(world);
      if (oldest !== undefined && others.length > 0) world.api.remove('secrets', oldest.metadata.name);
    }),
  ),
  fc.constant(happening('the sealing keys that were taken away are back', bringKeysBack)),
);

/** As they were last. */
export function bringKeysBack(world: World): void {
  const known = world.api.log.flatMap(({ event: { object } }) => (isKey(object) ? [object] : []));
  for (const key of new Map(known.map((one) => [one.metadata.name, one])).values()) {
    if (world.api.find('secrets', key.metadata.name) === undefined) world.api.put('secrets', key);
  }
}

/** What befalls the operator. */
const blows: fc.Arbitrary<Happening> = fc.oneof(
  fc.constant(happening('the operator restarts', (world) => world.restart())),
  fc
    .tuple(fc.integer({ min: 0, max: 12 }), fc.constantFrom('die', 'die after it'))
    .map(([after, how]) => happening(`after ${after} calls: ${how}`, (world) => world.interrupt(after, () => how))),
  fc.tuple(fc.integer({ min: 0, max: 8 }), fc.oneof(edits, endings)).map(([after, edit]) =>
    happening(`after ${after} calls: ${edit.what}`, (world) =>
      world.interrupt(after, () => {
        edit.act(world);
        return 'go on';
      }),
    ),
  ),
  fc
    .boolean()
    .map((prompt) => happening(`the watches are ${prompt ? 'prompt' : 'slow'}`, (world) => world.setPrompt(prompt))),
  fc
    .constantFrom(-days(3), -hours(1), hours(1), days(40))
    .map((by) => happening(`the wall clock jumps by ${by / hours(1)} h`, (world) => world.jumpWall(by))),
  fc.integer({ min: 0, max: 8 }).map((after) =>
    happening(`the lease is lost after ${after} calls`, (world) =>
      world.interrupt(after, () => {
        world.running.mayAct = false;
        world.running.controller.pause();
        return 'go on';
      }),
    ),
  ),
  fc.constant(happening('the lease is won', (world) => world.winLease())),
);

const whiles: fc.Arbitrary<Happening> = fc
  .constantFrom(minutes(1), minutes(16), hours(1), hours(7), days(1), days(3), days(8), days(31))
  .map((by) => happening(`${by / hours(1)} h go by`, () => {}, by));

export const histories: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: edits },
    { weight: 2, arbitrary: endings },
    { weight: 3, arbitrary: troubles },
    { weight: 3, arbitrary: blows },
    { weight: 2, arbitrary: keys },
    { weight: 6, arbitrary: whiles },
  ),
  { minLength: 1, maxLength: 24, size: 'max' },
);
