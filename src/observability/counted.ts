import { Counter, Histogram, Registry } from 'prom-client';
import { countedMetrics, type MetricDefinition } from './metrics-table.ts';
import type { Counted, QueueObservations } from './port.ts';

/** The counters and histograms, and the registry that holds them. */
export function createCounted(): Counted & { readonly registry: Registry } {
  const registry = new Registry();
  const registers = [registry];
  const counter = ({ name, help, labels }: MetricDefinition) =>
    new Counter({ name, help, labelNames: [...labels], registers });
  const histogram = ({ name, help, labels, buckets = [] }: MetricDefinition) =>
    new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers });
  const { refresh, verify, revoke, webhooks, signIns, apiRequests, apiDuration, journalDuration, ...rest } =
    countedMetrics;
  const refreshes = counter(refresh);
  const verifications = counter(verify);
  const revocations = counter(revoke);
  const deliveries = counter(webhooks);
  const visits = counter(signIns);
  const requests = counter(apiRequests);
  const requestTime = histogram(apiDuration);
  const journalTime = histogram(journalDuration);
  const reconciles = counter(rest.reconciles);
  const reconcileErrors = counter(rest.reconcileErrors);
  const reconcileTime = histogram(rest.reconcileTime);
  const adds = counter(rest.queueAdds);
  const retries = counter(rest.queueRetries);
  const waiting = histogram(rest.queueWait);
  const working = histogram(rest.queueWork);

  return {
    registry,
    refreshCounted: (result, reason) => refreshes.inc({ result, reason }),
    verifyCounted: (result, reason) => verifications.inc({ result, reason }),
    revokeCounted: (result, reason) => revocations.inc({ result, reason }),
    webhookCounted: (result) => deliveries.inc({ result }),
    signInCounted: (result) => visits.inc({ result }),
    apiRequestObserved(operation, code, took) {
      requests.inc({ operation, code });
      requestTime.observe({ operation }, took / 1_000);
    },
    journalWritten: (took) => journalTime.observe(took / 1_000),
    reconcileObserved(controller, result, took) {
      reconciles.inc({ controller, result });
      if (result === 'error') reconcileErrors.inc({ controller });
      reconcileTime.observe({ controller }, took / 1_000);
    },
    queueObserver: (name): QueueObservations => ({
      added: () => adds.inc({ name }),
      delayed: () => retries.inc({ name }),
      started: (waited) => waiting.observe({ name }, waited / 1_000),
      finished: (worked) => working.observe({ name }, worked / 1_000),
    }),
  };
}
