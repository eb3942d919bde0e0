import type { Answered, Edge } from './crossing.ts';

/** One request of a scenario: the `nth` of its label since the recording began, counted from 1. */
export interface Boundary {
  readonly edge: Edge;
  readonly label: string;
  readonly nth: number;
}

export type Moment = 'before' | 'between' | 'after';

/** What happens at a boundary, once unless it says otherwise. */
export type Fault =
  /** The operator gets SIGKILL, before the request is forwarded, before the answer is handed on, or right after. */
  | { readonly kind: 'kill'; readonly moment: Moment }
  /** The operator gets SIGSTOP; the request is held before it is forwarded, or its answer is handed to the sleeper. */
  | { readonly kind: 'pause'; readonly moment: 'before' | 'between' }
  /** Carried out, and the connection ends before the answer. */
  | { readonly kind: 'lost' }
  /** Carried out, and an error is answered in the place of the answer. */
  | { readonly kind: 'replaced'; readonly status: number }
  /** Nothing comes back and nothing ends, whether it was carried out or not: the operator's own time limits have to. */
  | { readonly kind: 'silent'; readonly moment: 'before' | 'between' }
  /** Answered with an error in place of the other side. */
  | { readonly kind: 'refused'; readonly status: number }
  /** This and every request of the same label is refused, until the operator is killed at the `after`th of them. */
  | { readonly kind: 'refused and killed'; readonly status: number; readonly after: number };

export function faultName(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill -9 ${fault.moment}`;
    case 'pause':
      return `pause ${fault.moment}`;
    case 'lost':
      return 'answer lost';
    case 'replaced':
      return `carried out and answered ${fault.status}`;
    case 'silent':
      return `silence ${fault.moment}`;
    case 'refused':
      return `refused ${fault.status}`;
    case 'refused and killed':
      return `refused ${fault.status} until killed at try ${fault.after}`;
  }
}

export const boundaryName = ({ edge, label, nth }: Boundary): string => `${edge} ${label} #${nth}`;

const reasons: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  409: 'Conflict',
  429: 'TooManyRequests',
  500: 'InternalError',
  504: 'Timeout',
};

/** A refusal as that side words it. */
export function refusal(edge: Edge, status: number): Answered {
  return edge === 'api' ? kubernetesRefusal(status) : squareRefusal(status);
}

function kubernetesRefusal(status: number): Answered {
  const { [status]: reason = 'Unknown' } = reasons;
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'refused on purpose',
    reason,
    code: status,
  };
  return {
    status,
    headers: { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '1' } : {}) },
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** 401 and 403 come as a page of something that stands before Square: that is no word of Square's. */
function squareRefusal(status: number): Answered {
  if (status === 401 || status === 403) {
    return { status, headers: { 'content-type': 'text/html' }, body: Buffer.from('<html><h1>denied</h1></html>') };
  }
  const error =
    status === 429
      ? { category: 'RATE_LIMIT_ERROR', code: 'RATE_LIMITED' }
      : { category: 'API_ERROR', code: status === 504 ? 'GATEWAY_TIMEOUT' : 'INTERNAL_SERVER_ERROR' };
  const body = Buffer.from(JSON.stringify({ errors: [{ ...error, detail: 'refused on purpose' }] }));
  return { status, headers: { 'content-type': 'application/json' }, body };
}
