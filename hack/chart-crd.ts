// A CRD as a template of the chart. In templates/ an upgrade brings it up to date, which Helm's own crds/ folder never does.

const METADATA = /^metadata:\n {2}name: (\S+)\n/m;

/** @param crd YAML of one CustomResourceDefinition without labels and annotations */
export function crdTemplate(crd: string): string {
  if (crd.replace(METADATA, '').match(/^metadata:/m) !== null || !METADATA.test(crd)) {
    throw new Error('the CRD has other metadata than its name');
  }
  // Text of the schema that a template engine would read as its own.
  const escaped = crd.replaceAll('{{', '{{ "{{" }}');
  const body = escaped.replace(
    METADATA,
    (_, name: string) => `metadata:
  name: ${name}
  labels:
    {{- include "chart.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
`,
  );
  return `{{- /* Generated from operator/api by \`make generate\`; do not edit. */ -}}\n{{- if .Values.crds.enabled }}\n${body}{{- end }}\n`;
}
