import { Document, type Node, type YAMLSeq } from 'yaml';
import {
  clusterPermissions,
  ownNamespacePermissions,
  type Permission,
  publicPermissions,
  rolloutRestartPermissions,
  staffPagePermissions,
  watchedPermissions,
} from '../../src/permissions.ts';
import type { Artifact } from './artifact.ts';

const name = 'square-operator';
const namespace = 'square-operator';
const labels = { 'app.kubernetes.io/name': name };
const rbac = 'rbac.authorization.k8s.io';

const generated = '# Generated from src/permissions.ts by "npm run generate". Do not edit.\n';
const headOfRestarts = `${generated}# What the operator may do besides when it is started with --enable-rollout-restart.\n`;
const headOfStaffPages = `${generated}# What the operator may do besides where the platform team uses its web pages (--external-url).\n`;

/** Namespace, ServiceAccount, roles and bindings under which the operator runs. */
export function rbacManifest(): Artifact[] {
  const head = `${generated}# The operator may do this, and nothing else.\n`;
  const objects = [
    new Document({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }),
    new Document({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } }),
    role('ClusterRole', name, [...watchedPermissions, ...clusterPermissions]),
    binding('ClusterRoleBinding', 'ClusterRole', name, operator),
    role('Role', name, ownNamespacePermissions),
    binding('RoleBinding', 'Role', name, operator),
    role('Role', `${name}-sealing-key-reader`, publicPermissions),
    binding('RoleBinding', 'Role', `${name}-sealing-key-reader`, everybody),
  ];
  const more = (of: string, permissions: readonly Permission[]) => [
    role('ClusterRole', of, permissions),
    binding('ClusterRoleBinding', 'ClusterRole', of, operator),
  ];
  const restarts = more(`${name}-rollout-restart`, rolloutRestartPermissions);
  const staffPages = more(`${name}-staff-pages`, staffPagePermissions);
  const text = (documents: readonly Document[]) =>
    documents.map((object) => object.toString({ lineWidth: 0 })).join('---\n');
  return [
    { path: 'deploy/rbac.yaml', text: head + text(objects) },
    { path: 'deploy/rbac-rollout-restart.yaml', text: headOfRestarts + text(restarts) },
    { path: 'deploy/rbac-staff-pages.yaml', text: headOfStaffPages + text(staffPages) },
  ];
}

const operator = { kind: 'ServiceAccount', name, namespace };
const everybody = { apiGroup: rbac, kind: 'Group', name: 'system:authenticated' };

const metadata = (kind: string, of: string) => ({
  name: of,
  ...(!kind.startsWith('Cluster') && { namespace }),
  labels,
});

function role(kind: 'ClusterRole' | 'Role', of: string, permissions: readonly Permission[]): Document {
  const document = new Document({
    apiVersion: `${rbac}/v1`,
    kind,
    metadata: metadata(kind, of),
    rules: permissions.map(asRule),
  });
  const rules = document.get('rules') as YAMLSeq<Node>;
  rules.items.forEach((rule, index) => {
    rule.commentBefore = ` ${permissions[index]?.why}`;
  });
  return document;
}

/** Without the sentence, which stands above it as a comment. */
function asRule(permission: Permission): object {
  const rule: { why?: string } = { ...permission };
  delete rule.why;
  return rule;
}

function binding(kind: string, roleKind: string, of: string, subject: object): Document {
  return new Document({
    apiVersion: `${rbac}/v1`,
    kind,
    metadata: metadata(kind, of),
    roleRef: { apiGroup: rbac, kind: roleKind, name: of },
    subjects: [subject],
  });
}
