import type { ApplicationSpec } from '../api/application.ts';

type Selector = NonNullable<NonNullable<ApplicationSpec['allowedNamespaces']>['selector']>;

/** Whether labels meet all requirements of a selector (Kubernetes, "Labels and Selectors"). An empty one matches all. */
export function matchesSelector(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const equal = Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
  return (
    equal &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}
