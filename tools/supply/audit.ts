import { spawnSync } from 'node:child_process';
import type { Lock } from './lock.ts';

/** What is known against the locked packages; or why nobody could be asked. */
export type Audit = { readonly problems: readonly string[] } | { readonly unanswered: string };

interface Report {
  readonly message?: string;
  readonly error?: { readonly summary?: string };
  readonly vulnerabilities?: Readonly<
    Record<
      string,
      {
        readonly severity: string;
        readonly nodes: readonly string[];
        readonly via: readonly (string | { readonly title: string; readonly url: string })[];
      }
    >
  >;
}

/** Asks the registry for advisories about the locked packages (`npm audit`). */
export function audit(root: string, lock: Lock): Audit {
  const args = ['audit', '--json', '--package-lock-only', '--fetch-retries=0', '--fetch-timeout=30000'];
  const npm = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: 60_000 });
  if (npm.error !== undefined) return { unanswered: `npm audit: ${npm.error.message}` };
  return auditOf(npm.stdout, lock);
}

/**
 * What a report of `npm audit` comes to: anything against what is shipped or brings it about is a problem; against what
 * only builds and tests, what is high or critical.
 */
export function auditOf(text: string, lock: Lock): Audit {
  const report = parsed(text);
  if (report?.vulnerabilities === undefined) {
    const why = report?.message ?? report?.error?.summary ?? 'npm audit gave no report';
    return { unanswered: why.split('\n', 1).join('') };
  }
  const problems = Object.entries(report.vulnerabilities).flatMap(([name, { severity, nodes, via }]) => {
    const shipped = nodes.some((folder) => lock[folder]?.dev !== true);
    if (!shipped && severity !== 'high' && severity !== 'critical') return [];
    const advisories = via.flatMap((one) => (typeof one === 'string' ? [] : [`${one.title} (${one.url})`]));
    if (advisories.length === 0) return [];
    return [`${name}, ${shipped ? 'which may be shipped' : 'a tool'}, ${severity}: ${advisories.join('; ')}`];
  });
  return { problems };
}

function parsed(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}
