import { describe, expect, it } from 'vitest';
import { days, hours, minutes } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { nextRestart, recalledRestarts } from '../../../src/domain/restart.ts';
import type { Fact } from '../../../src/domain/step.ts';
import { aConnection, aGrant, anObservation, aSpec, at, held, noon, ours } from '../../support/builders.ts';

const targets = [
  { kind: 'Deployment', name: 'till' },
  { kind: 'StatefulSet', name: 'store' },
] as const;
const spec = aSpec({ rolloutRestartTargets: [...targets] });
const named = (fields: Partial<Observation> = {}, uid = 'u1') =>
  anObservation({ connection: aConnection({ uid, spec: { ok: true, value: spec } }), ...fields });

const sealed = (generation: number, how: 'Refreshed' | 'TakenUp' | 'Adopted' = 'Refreshed'): Fact => ({
  kind: 'Sealed',
  grant: held({ generation, accessToken: { ...aGrant().accessToken, issuedAt: noon } }),
  how,
  answers: {},
});
const due = { kind: 'Refresh', because: 'Due' } as const;
const publish = { kind: 'Publish', because: 'Changed' } as const;

/** A connection whose token was just changed, proven and published. */
function changed(o: Observation = named(), fact = sealed(4)): Observation {
  const minted = absorb(o, due, fact, at(noon));
  const proven = absorb(minted, { kind: 'Verify', because: 'Unproven' }, { kind: 'Verified' }, at(noon));
  return absorb(proven, publish, { kind: 'Published' }, at(noon + minutes(1)));
}

/** Takes every step until nothing is left to do before `until`; gives the restarts with their times. */
function restarts(first: Observation, until: number, answer: (target: string) => Fact) {
  let o = first;
  const seen: [string, number][] = [];
  for (let time = noon + minutes(1); time < until; ) {
    const step = decide(o, at(time));
    if (step.kind === 'Wait') {
      time = step.until ?? until;
      continue;
    }
    if (step.kind === 'Restart') {
      const target = `${step.target.kind}/${step.target.name}`;
      seen.push([target, time]);
      o = absorb(o, step, answer(target), at(time));
    } else if (step.kind === 'Verify') o = absorb(o, step, { kind: 'Verified' }, at(time));
    else throw new Error(`unexpected ${step.kind}`);
  }
  return { seen, o };
}

const done: Fact = { kind: 'Restarted', anew: true };

describe('workloads that are named are restarted', () => {
  it('once each for a published change, within ten minutes, each at its own moment', () => {
    const { seen } = restarts(changed(), noon + days(2), () => done);
    expect(seen.map(([target]) => target).toSorted()).toEqual(['Deployment/till', 'StatefulSet/store']);
    const times = seen.map(([, time]) => time - noon - minutes(1));
    expect(new Set(times).size).toBe(2);
    for (const time of times) expect(time).toBeLessThanOrEqual(minutes(10));
  });

  it('at moments that differ between connections, and are always the same', () => {
    const moment = (uid: string) => nextRestart(changed(named({}, uid)), spec)?.at;
    const moments = Array.from({ length: 40 }, (_, i) => moment(`uid-${i}`));
    expect(new Set(moments).size).toBeGreaterThan(35);
    expect(moment('uid-7')).toBe(moments[7]);
  });

  it('not before the token is published', () => {
    const minted = absorb(named(), due, sealed(4), at(noon));
    expect(nextRestart(minted, spec)).toBeUndefined();
    expect(nextRestart({ ...changed(), tokenSecret: ours({ state: 'revoked' }) }, spec)).toBeUndefined();
    expect(nextRestart({ ...changed(), tokenSecret: ours({ current: false }) }, spec)).toBeUndefined();
  });

  it.each([
    ['the first token of a grant', changed(named(), sealed(1, 'TakenUp'))],
    ['a grant that was adopted', changed(named(), sealed(4, 'Adopted'))],
    ['a Secret that is healed', absorb(named(), publish, { kind: 'Published' }, at(noon))],
    ['a connection that names none', changed(anObservation())],
  ])('not for %s', (_, o) => expect(nextRestart(o, spec)).toBeUndefined());

  it('for a credential that took the place of another', () => {
    expect(nextRestart(changed(named(), sealed(4, 'TakenUp')), spec)).toBeDefined();
  });

  it('once, where one gives no consent: nobody asks it again', () => {
    const { seen } = restarts(changed(), noon + days(2), (target) =>
      target === 'Deployment/till' ? { kind: 'NotRestarted', message: 'no consent' } : done,
    );
    expect(seen).toHaveLength(2);
  });

  it('again, with growing pauses, where the API server refuses, and not once it has been done', () => {
    let refusals = 3;
    const { seen } = restarts(changed(), noon + hours(12), (target) =>
      target === 'Deployment/till' && refusals-- > 0 ? { kind: 'Unwritten', message: 'forbidden' } : done,
    );
    expect(seen.filter(([target]) => target === 'Deployment/till')).toHaveLength(4);
    expect(seen.filter(([target]) => target === 'StatefulSet/store')).toHaveLength(1);
  });

  it('for the newest token alone, when it changes twice', () => {
    const again = changed(changed(), sealed(5));
    expect(again.history.restarts?.settled).toEqual([]);
    expect(restarts(again, noon + days(2), () => done).seen).toHaveLength(2);
  });
});

describe('a process that has just begun', () => {
  it.each([
    [
      'asks about a change of today',
      aGrant({ accessToken: { ...aGrant().accessToken, issuedAt: noon - hours(5) } }),
      true,
    ],
    [
      'leaves an older change alone',
      aGrant({ accessToken: { ...aGrant().accessToken, issuedAt: noon - days(2) } }),
      false,
    ],
    [
      'leaves a first token alone',
      aGrant({ generation: 1, accessToken: { ...aGrant().accessToken, issuedAt: noon } }),
      false,
    ],
  ] as const)('%s', (_, grant, asks) => {
    expect(recalledRestarts(spec, grant, at(noon)) !== undefined).toBe(asks);
  });

  it('owes nothing where no workload is named', () => {
    expect(
      recalledRestarts(aSpec(), aGrant({ accessToken: { ...aGrant().accessToken, issuedAt: noon } }), at(noon)),
    ).toBeUndefined();
  });

  it('restarts nothing anew when a Secret is healed', () => {
    const { o } = restarts(changed(), noon + hours(1), () => done);
    const healed = absorb(o, publish, { kind: 'Published' }, at(noon + hours(2)));
    expect(nextRestart(healed, spec)).toBeUndefined();
  });
});
