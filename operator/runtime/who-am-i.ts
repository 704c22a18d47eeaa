// How the API server knows us, for commands that messages show. Every authenticated user may ask.

import type { Transport } from './transport.ts';

/** `system:serviceaccount:namespace:name` or a user name; '' where the API server does not tell. */
export async function whoAmI(transport: Transport, signal: AbortSignal): Promise<string> {
  const { status, body } = await transport.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    repeatable: true,
    changes: false,
    signal,
  });
  if (status >= 300) return '';
  const review = JSON.parse(body) as { status?: { userInfo?: { username?: string } } };
  return review.status?.userInfo?.username ?? '';
}
