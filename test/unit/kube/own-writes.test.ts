import { beforeEach, describe, expect, test } from 'vitest';
import { createStore, type Store } from '../../../src/kube/store.ts';
import { aWidget } from './settings.ts';

let store: Store<string>;
let changes: string[];

beforeEach(() => {
  changes = [];
  store = createStore<string>({
    project: (object) => `${(object as { spec?: { color?: string } }).spec?.color}@${object.metadata.resourceVersion}`,
    tell: ({ before, now }) => changes.push(`${before ?? '-'} > ${now ?? '-'}`),
    onUnreadable: (key) => changes.push(`unreadable ${key}`),
  });
});

const held = () => store.held.get('default/a')?.value;

describe('own writes are no news', () => {
  test('the echo comes after the answer', () => {
    store.absorb(aWidget('a', 5, 'red'));
    store.take(aWidget('a', 5, 'red'));
    expect([held(), changes]).toEqual(['red@5', []]);
  });

  test('the echo comes before the answer', () => {
    const done = store.writing('default/a');
    store.take(aWidget('a', 5, 'red'));
    store.absorb(aWidget('a', 5, 'red'));
    done();
    expect([held(), changes]).toEqual(['red@5', []]);
  });

  test('two writes of one key at once, their echoes and answers crossed', () => {
    const first = store.writing('default/a');
    const second = store.writing('default/a');
    store.take(aWidget('a', 5, 'red'));
    store.take(aWidget('a', 6, 'blue'));
    store.absorb(aWidget('a', 6, 'blue'));
    second();
    second();
    store.absorb(aWidget('a', 5, 'red'));
    first();
    expect([held(), changes]).toEqual(['blue@6', []]);
  });

  test('the answer was lost: the echo is told, for nobody knows whose it was', () => {
    const done = store.writing('default/a');
    store.take(aWidget('a', 5, 'red'));
    expect(changes).toEqual([]);
    done();
    expect(changes).toEqual(['- > red@5']);
  });

  test("another's change before the own write is told when the write is over", () => {
    store.take(aWidget('a', 4, 'red'));
    const done = store.writing('default/a');
    store.take(aWidget('a', 5, 'theirs'));
    store.take(aWidget('a', 6, 'mine'));
    store.absorb(aWidget('a', 6, 'mine'));
    done();
    expect(changes).toEqual(['- > red@4', 'red@4 > theirs@5']);
  });

  test.each(['before the answer', 'after it'])(
    "another's change that the answer shows is told once: its event comes %s",
    (when) => {
      const color = (value: string) => value.split('@')[0];
      const told: string[] = [];
      const watching = createStore<string>({
        project: (object) =>
          `${(object as { spec?: { color?: string } }).spec?.color}@${object.metadata.resourceVersion}`,
        isNews: (before, now) => color(before) !== color(now),
        tell: ({ now }) => told.push(now ?? '-'),
        onUnreadable: (key) => told.push(`unreadable ${key}`),
      });
      watching.take(aWidget('a', 4, 'red'));
      const done = watching.writing('default/a');
      if (when === 'before the answer') watching.take(aWidget('a', 5, 'theirs'));
      // The own write is of the status: the colour is theirs.
      watching.absorb(aWidget('a', 6, 'theirs'));
      done();
      watching.take(aWidget('a', 5, 'theirs'));
      watching.take(aWidget('a', 6, 'theirs'));
      expect(told.map(color)).toEqual(['red', 'theirs']);
      expect(watching.held.get('default/a')?.value).toBe('theirs@6');
    },
  );

  test("another's change after the own write is told", () => {
    store.absorb(aWidget('a', 5, 'mine'));
    store.take(aWidget('a', 5, 'mine'));
    store.take(aWidget('a', 6, 'theirs'));
    expect([held(), changes]).toEqual(['theirs@6', ['mine@5 > theirs@6']]);
  });

  test('events older than the answer are passed over, also with more digits', () => {
    store.absorb(aWidget('a', 10, 'mine'));
    store.take(aWidget('a', 9, 'older'));
    expect([held(), changes]).toEqual(['mine@10', []]);
  });

  test('an answer older than what is held changes nothing', () => {
    store.take(aWidget('a', 10, 'newer'));
    store.absorb(aWidget('a', 9, 'mine'));
    expect(held()).toBe('newer@10');
  });

  test('an answer that comes after the object was deleted does not bring it back', () => {
    store.take(aWidget('a', 5, 'mine'));
    store.remove(aWidget('a', 6, 'mine'));
    store.absorb(aWidget('a', 5, 'mine'));
    expect([held(), changes]).toEqual([undefined, ['- > mine@5', 'mine@5 > -']]);
  });

  test('an own delete: neither late changes nor its echo are told', () => {
    store.absorb(aWidget('a', 5, 'mine'));
    store.forget('default/a', 'uid-a');
    store.take(aWidget('a', 5, 'mine'));
    store.remove(aWidget('a', 6, 'mine'));
    expect([held(), changes]).toEqual([undefined, []]);
  });

  test('an own delete whose echo overtakes the answer', () => {
    store.absorb(aWidget('a', 5, 'mine'));
    const done = store.writing('default/a');
    store.remove(aWidget('a', 6, 'mine'));
    store.forget('default/a', 'uid-a');
    done();
    expect([held(), changes]).toEqual([undefined, []]);
  });

  test('deleted and made anew by ourselves: the echoes of both are no news', () => {
    store.absorb(aWidget('a', 5, 'old'));
    store.forget('default/a', 'uid-a');
    store.absorb(aWidget('a', 7, 'new', 'uid-2'));
    store.remove(aWidget('a', 6, 'old'));
    store.take(aWidget('a', 7, 'new', 'uid-2'));
    expect([held(), changes]).toEqual(['new@7', []]);
  });

  test('deleted by us and made anew by another: told as new', () => {
    store.absorb(aWidget('a', 5, 'old'));
    store.forget('default/a', 'uid-a');
    store.remove(aWidget('a', 6, 'old'));
    store.take(aWidget('a', 7, 'theirs', 'uid-2'));
    expect(changes).toEqual(['- > theirs@7']);
  });

  test('what no longer is selected, and then is again, is told both times', () => {
    store.take(aWidget('a', 4, 'red'));
    store.remove(aWidget('a', 5, 'red'));
    store.take(aWidget('a', 5, 'red'));
    store.take(aWidget('a', 6, 'blue'));
    expect([held(), changes]).toEqual(['blue@6', ['- > red@4', 'red@4 > -', '- > blue@6']]);
  });

  test('a deleted object that waits for its finalizers is still there', () => {
    store.absorb(aWidget('a', 5, 'mine'));
    store.forget('default/a', 'uid-a');
    const waiting = aWidget('a', 6, 'mine');
    waiting.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    store.take(waiting);
    expect([held(), changes]).toEqual(['mine@6', ['- > mine@6']]);
  });
});

describe('lists', () => {
  test('what was absorbed while the list was read wins over the list', () => {
    store.take(aWidget('a', 1, 'old'));
    changes = [];
    const list = store.list();
    store.absorb(aWidget('a', 8, 'mine'));
    store.absorb(aWidget('b', 9, 'mine'));
    list.take(aWidget('a', 1, 'old'));
    list.finish('5');
    expect([held(), store.held.get('default/b')?.value, changes]).toEqual(['mine@8', 'mine@9', []]);
  });

  test('what was absorbed while the list was read, but is gone by then, goes', () => {
    const list = store.list();
    store.absorb(aWidget('a', 3, 'mine'));
    list.finish('5');
    expect([held(), changes]).toEqual([undefined, ['mine@3 > -']]);
  });

  test('what was deleted by ourselves while the list was read does not come back', () => {
    store.absorb(aWidget('a', 3, 'mine'));
    const list = store.list();
    store.forget('default/a', 'uid-a');
    list.take(aWidget('a', 3, 'mine'));
    list.finish('5');
    expect([held(), changes]).toEqual([undefined, []]);
  });

  test('a deleted object that a restored store has again is told as new', () => {
    store.take(aWidget('a', 3, 'red'));
    store.remove(aWidget('a', 4, 'red'));
    changes = [];
    const list = store.list();
    list.take(aWidget('a', 3, 'red'));
    list.finish('3');
    expect([held(), changes]).toEqual(['red@3', ['- > red@3']]);
  });
});
