import { type ApplicationSpec, defaultClientSecretKey } from '../api/application.ts';
import { cleanToken, type Token } from '../domain/token.ts';
import { type Key, keyFrom, splitKey } from '../kube/resource.ts';
import type { CredentialSecret, MemoryVault, VaultValue } from '../secrets/port.ts';
import type { Index } from './index-by.ts';
import type { Watches } from './watches.ts';

/**
 * What of applications was deleted while connections under `deletionPolicy: Revoke` still name them: a namespace that goes
 * takes Secrets and applications along before the connections have said farewell. Kept in memory, client secrets under the
 * key of the vault, until no such connection is left. For ending authorizations and nothing else.
 */
export interface Departed {
  application(ref: Key): ApplicationSpec | undefined;
  /** In the order to try them. */
  clientSecrets(ref: Key): Token[];
}

interface Kept {
  spec: ApplicationSpec;
  gone: boolean;
  readonly secrets: Map<string, VaultValue>;
}

export function createDeparted({
  watches,
  vault,
  connectionsOf,
}: {
  readonly watches: Watches;
  readonly vault: MemoryVault;
  /** Keys of connections by the key of their application. */
  readonly connectionsOf: Index;
}): Departed {
  const kept = new Map<Key, Kept>();

  const isNeeded = (ref: Key): boolean => {
    for (const key of connectionsOf.get(ref))
      if (watches.connections.get(key)?.connection.finalized === true) return true;
    return false;
  };
  const keep = (ref: Key, spec: ApplicationSpec): Kept => {
    const held = kept.get(ref) ?? { spec, gone: false, secrets: new Map() };
    kept.set(ref, { ...held, spec });
    return kept.get(ref) ?? held;
  };
  const keepSecret = (ref: Key, spec: ApplicationSpec, secret: Key, before: CredentialSecret) => {
    for (const [name, key] of secretRefs(spec)) {
      const value = before.keys[key];
      const same = keyFrom(splitKey(ref).namespace, name) === secret;
      if (same && value !== undefined && isNeeded(ref)) keep(ref, spec).secrets.set(`${name}/${key}`, value.sealed);
    }
  };

  watches.credentials.onChange(({ key, now, before }) => {
    if (now !== undefined || before === undefined) return;
    for (const [ref, { spec }] of watches.applications.entries()) if (spec) keepSecret(ref, spec, key, before);
    for (const [ref, { spec, gone }] of kept) if (gone) keepSecret(ref, spec, key, before);
  });
  watches.applications.onChange(({ key, now, before }) => {
    const held = kept.get(key);
    if (now?.spec !== undefined) {
      if (held !== undefined) kept.set(key, { ...held, spec: now.spec, gone: false });
    } else if (before?.spec !== undefined && isNeeded(key)) {
      keep(key, before.spec).gone = true;
      for (const [name] of secretRefs(before.spec)) {
        const secret = keyFrom(before.namespace, name);
        const alive = watches.credentials.get(secret);
        if (alive !== undefined) keepSecret(key, before.spec, secret, alive);
      }
    }
  });
  watches.connections.onChange(() => {
    for (const ref of kept.keys()) if (!isNeeded(ref)) kept.delete(ref);
  });

  return {
    application(ref) {
      const held = kept.get(ref);
      return held?.gone === true ? held.spec : undefined;
    },
    clientSecrets(ref) {
      const held = kept.get(ref);
      if (held === undefined) return [];
      return secretRefs(held.spec).flatMap(([name, key]) => {
        const sealed = held.secrets.get(`${name}/${key}`);
        const clean = sealed && cleanToken(vault.open(sealed));
        return clean?.ok === true ? [clean.value] : [];
      });
    },
  };
}

function secretRefs({
  clientSecretRef,
  previousClientSecretRef,
}: ApplicationSpec): (readonly [name: string, key: string])[] {
  return [clientSecretRef, previousClientSecretRef].flatMap((ref) =>
    ref === undefined ? [] : [[ref.name, ref.key ?? defaultClientSecretKey] as const],
  );
}
