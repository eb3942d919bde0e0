const decimal = /^\d+$/;

/**
 * Whether resourceVersion `a` comes before `b`. Only decimal ones have an order (Kubernetes, "API concepts": resource
 * versions); of others it is never known.
 */
export function isOlder(a: string, b: string): boolean {
  if (!decimal.test(a) || !decimal.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}
