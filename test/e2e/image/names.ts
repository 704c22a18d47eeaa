// The images of a run. No registry has them: they are built here and loaded into the cluster.

export const OPERATOR_IMAGE = { repository: 'localhost/eset-msp-operator', tag: 'e2e' } as const;
export const SIMULATOR_IMAGE = 'localhost/eset-msp-simulator:e2e';

export const operatorImage = `${OPERATOR_IMAGE.repository}:${OPERATOR_IMAGE.tag}`;
/** The operator's, built a second time. */
export const IMAGE_AGAIN = `${OPERATOR_IMAGE.repository}:again`;
export const PAUSE_IMAGE = 'localhost/pause:e2e';
