import { describe, expect, test } from 'vitest';
import { conditionTypes, reasons } from '../../../src/api/conditions.ts';
import { connections } from '../../../src/cli/doctor/fleet-checks.ts';
import { needOf, toneOf, topicOf } from '../../../src/cli/need.ts';
import { overview } from '../../../src/cli/overview.ts';
import { createScreen } from '../../../src/cli/screen.ts';
import { see } from '../../../src/cli/seen.ts';
import { aCondition, anObject, noon, paper, refused, valid } from './fixtures.ts';

const screen = createScreen({ stdout: paper(), stderr: paper(), color: false, env: {} });
const inState = (status: string, reason: string, ...more: readonly ReturnType<typeof aCondition>[]) =>
  see(anObject({ status: { conditions: [aCondition('Ready', status, reason), ...more] } }));
const missing = aCondition('ScopesSatisfied', 'False', 'ScopesMissing');
const faulty = aCondition('Renewable', 'Unknown', 'ApplicationNotReady');

test.each([
  ['valid', see(anObject({ status: valid() })), 'No', 'Valid', 'good'],
  ['valid, with a permission missing', inState('True', 'Valid', missing), 'Soon', 'ScopesMissing', 'warn'],
  ['valid, while its application has a fault', inState('True', 'Valid', faulty), 'Soon', 'ApplicationNotReady', 'warn'],
  ['ready, and not to be renewed', see(anObject({ status: refused() })), 'Soon', 'ReauthorizationNeeded', 'warn'],
  ['ready in an outage', inState('True', 'Unverified'), 'No', 'Unverified', 'warn'],
  ['waiting for the seller', inState('False', 'AwaitingAuthorization'), 'Soon', 'AwaitingAuthorization', 'warn'],
  ['not seen yet', see(anObject()), 'Soon', 'NotSeenYet', 'warn'],
  ['suspended by wish', inState('False', 'Suspended', missing), 'No', 'Suspended', 'warn'],
  ['disconnected by wish', inState('False', 'Disconnected'), 'No', 'Disconnected', 'warn'],
  ['about to be taken up', inState('False', 'TakingUp'), 'No', 'TakingUp', 'warn'],
  ['revoked', inState('False', 'Revoked'), 'Now', 'Revoked', 'bad'],
  ['in a state of another version', inState('False', 'FromTheFuture'), 'Now', 'FromTheFuture', 'bad'],
])('%s', (_, seen, need, topic, tone) => {
  expect([needOf(seen), topicOf(seen), toneOf(seen)]).toEqual([need, topic, tone]);
});

describe.each(['True', 'False', 'Unknown'])('Ready %s', (status) => {
  test.each([...Object.keys(reasons), 'FromTheFuture'])('%s: status and doctor say the same of it', async (reason) => {
    const good = Object.entries(conditionTypes).map(([type, { polarity }]) =>
      aCondition(type, polarity === 'positive' ? 'True' : 'False', 'Published'),
    );
    const found = [inState(status, reason, ...good.slice(1))];
    const [head = ''] = overview(screen, found, true, noon).split('\n');
    const told = await connections.look({ connections: found, unread: {} } as never);
    expect(told).toHaveLength(1);
    expect(head.endsWith('needs somebody')).toBe(told[0]?.health !== 'ok');
    expect(head).toMatch(/; (1 needs somebody|it needs nobody)$/);
  });
});
