// Names that belong to the API group as a whole: group, version, labels, annotations, finalizers.

export const GROUP = 'mspoperator.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const CATEGORY = 'msp';

/** Label of a child: the name of its MSPAccount. */
export const LABEL_ACCOUNT = `${GROUP}/account`;
/** Label of a child: the type of its company. */
export const LABEL_COMPANY_TYPE = `${GROUP}/company-type`;

/** Annotation of an account: any new value asks for a sync now; echoed in `status.lastHandledRequestedAt`. */
export const ANNOTATION_REQUESTED_AT = `${GROUP}/requestedAt`;
/** Annotation of an account: releases exactly the set of companies with this plan hash, once (design §4, promise 3). */
export const ANNOTATION_APPROVE_UNLINK = `${GROUP}/approve-unlink`;
/** Annotation of an account: the company id of a login that now belongs to another company (reason AccountChanged). */
export const ANNOTATION_APPROVE_COMPANY = `${GROUP}/approve-company`;

/** Finalizer of an account: its children are told that it goes, before it goes. */
export const FINALIZER_CHILDREN = `${GROUP}/children`;

/** CEL: names of accounts become label values of their children, so they must fit into one. */
export const NAME_FITS_LABEL = {
  rule: 'size(self.metadata.name) <= 63',
  message: 'metadata.name must be at most 63 characters: it becomes a label of every child object',
};

export const GUID_PATTERN = '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$';

/** Annotation of a ProtectInstance (API): its instance id, typed by a person who means that very instance to be removed. */
export const ANNOTATION_CONFIRM_REMOVAL = `${GROUP}/confirm-removal`;
/** Annotation of a ProtectInstance (Portal): its instance id, once a person has removed it in the portal. */
export const ANNOTATION_REMOVED_IN_PORTAL = `${GROUP}/removed-in-portal`;
/** Annotation of a ProtectInstance: its name; lets somebody else than the operator drop the finalizer, for emergencies. */
export const ANNOTATION_BREAK_GLASS = `${GROUP}/break-glass`;

/** Finalizer of a ProtectInstance: it goes only when design §3.4 lets it. */
export const FINALIZER_CREATING_SERVICE = `${GROUP}/creating-service`;
