import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { type Token, token } from '../domain/token.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { CredentialSecret, CredentialValue, MemoryVault, VaultValue } from './port.ts';
import { dataOf, typeOf } from './secret-text.ts';

/**
 * A vault of this process: AES-256-GCM under a random key that is never stored. It keeps tokens out of heap dumps and
 * core files as far as a process can that holds the key too.
 */
export function createMemoryVault(): MemoryVault {
  const key = createSecretKey(randomBytes(32));
  let count = 0;
  return {
    put(value) {
      // Under a key that nothing else knows, a count is an IV that never comes again, and asks for no random bytes.
      const iv = Buffer.alloc(12);
      iv.writeUIntBE(count++, 6, 6);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const sealed = Buffer.concat([iv, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
      return sealed.toString('latin1') as VaultValue;
    },
    open(sealed): Token {
      const bytes = Buffer.from(sealed, 'latin1');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(bytes.subarray(-16));
      const clear = decipher.update(bytes.subarray(12, -16));
      // Throws unless the tag is right; of a stream cipher's text it has nothing left to give.
      decipher.final();
      return token(clear.toString('utf8'));
    },
  };
}

/** What the watch keeps of a user's Secret: its values only under the vault's key. */
export function projectCredentialSecret(object: KubeObject, vault: MemoryVault): CredentialSecret {
  const keys = Object.entries(dataOf(object)).map(([key, base64]): [string, CredentialValue] => [
    key,
    { sealed: vault.put(Buffer.from(base64, 'base64')) },
  ]);
  return {
    type: typeOf(object),
    resourceVersion: object.metadata.resourceVersion ?? '',
    keys: Object.assign(Object.create(null) as object, Object.fromEntries(keys)),
  };
}
