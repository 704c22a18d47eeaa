// An MSP Manager with the instance of its mixed account, and a Managed MSP with a login of its own. `npm install`, `npm run synth`, and
// commit dist/ for Argo CD or Flux, or `kubectl apply -f dist/`.

import { App } from 'cdk8s';
import { ProtectInstance, type ProtectInstanceSpec } from './mspoperator.ts';
import { Tenant } from './tenant.ts';

const app = new App();

const acme = new Tenant(app, 'acme', {
  secretName: 'acme-ema',
  services: ['EMA2', 'EBA'],
  sync: { interval: '12h', unlinkLimit: { percent: 2 } },
});
acme.customer('anchor-point-marina', '0f8fad5b-d9cb-469f-a165-70867728950e', { mode: 'Skip' });
acme.customer('larkfield-surgery', '7c9e6679-7425-40de-944b-e07fc1f90ae7', { mode: 'Configured' });

// One instance, opened from both services; EMA 2 created it, and alone may remove it.
const services: readonly ProtectInstanceSpec['service'][] = ['EMA2', 'EBA'];
for (const service of services) {
  new ProtectInstance(acme, `from-${service.toLowerCase()}`, {
    metadata: {
      name: `from-${service.toLowerCase()}`,
      annotations: {
        'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm',
        'kustomize.toolkit.fluxcd.io/prune': 'disabled',
      },
    },
    spec: {
      accountRef: { name: acme.account.name },
      service,
      displayName: 'Acme PROTECT',
      region: 'eu',
      lifecycle: { type: 'Portal' },
      instanceID: 'eu02.protect.eset.com/acme',
      creatingService: 'EMA2',
    },
  });
}

new Tenant(app, 'cedar', { secretName: 'cedar-ema', people: 'cedar-people' });

app.synth();
