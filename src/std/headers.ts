/** The header that carries the cluster key to internal endpoints. */
export const keyHeader = 'x-holdfast-key';
