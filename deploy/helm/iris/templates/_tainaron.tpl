{{- /*
aperture.yaml in the form that the vendor documents for credentials in the environment.
Source: https://docs.cerbos.dev/cerbos-hub/integrations-aperture
*/ -}}
{{- define "iris.tainaronConfig" -}}
{{- $tainaron := .Values.pdp.tainaron -}}
{{- if $tainaron.tailnet.join -}}
server:
  tailscale:
    serviceName: {{ $tainaron.tailnet.serviceName }}

{{ end -}}
pdp:
  inProcess:
    {{- if $tainaron.strictEvaluation }}
    engine:
      strictEvaluation: true

    {{- end }}
    schema:
      enforcement: reject

    audit:
      enabled: true
      backend: hub
      hub:
        storagePath: /tmp/hub_auditlog

    storage:
      driver: hub
{{- if $tainaron.apertureRoute.enabled }}

extensions:
  routeExtensions:
    aperture:
      extension:
        extensionURL: {{ $tainaron.apertureRoute.extensionURL }}
      routes:
        "/aperture": ["GET", "POST"]
{{- end }}
{{- end -}}

{{- define "iris.tainaronSecretName" -}}
{{- .Values.pdp.tainaron.existingSecret | default (printf "%s-pdp" (include "iris.fullname" .)) -}}
{{- end -}}
