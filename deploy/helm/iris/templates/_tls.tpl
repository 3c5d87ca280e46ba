{{- /* Whether a component takes part in TLS inside the mesh: (list $ component); empty for no. */ -}}
{{- define "iris.hasTls" -}}
{{- $component := index . 1 -}}
{{- if and (index . 0).Values.tls.enabled (or (has $component (list "gateway" "mcp-gateway" "pdp-proxy" "console" "pdp" "doctor")) (hasPrefix "enricher-" $component)) -}}
{{- if not (and (eq $component "pdp") (ne (index . 0).Values.pdp.kind "cerbos")) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Name of the Secret with a component's certificate: (list $ component). */ -}}
{{- define "iris.tlsSecretName" -}}
{{- $root := index . 0 -}}
{{- get $root.Values.tls.secretNames (index . 1) | default (printf "%s-%s-tls" (include "iris.fullname" $root) (index . 1)) -}}
{{- end -}}

{{- define "iris.tlsMount" -}}
{{- if include "iris.hasTls" . }}
- name: mesh-tls
  mountPath: /etc/iris-tls
  readOnly: true
{{- end }}
{{- end -}}

{{- define "iris.tlsVolume" -}}
{{- if include "iris.hasTls" . }}
- name: mesh-tls
  secret:
    secretName: {{ include "iris.tlsSecretName" . }}
{{- end }}
{{- end -}}

{{- /* Settings of an app by which it uses the certificate: a prefix of their keys. */ -}}
{{- define "iris.tlsSettings" -}}
{{ . }}CaFile: /etc/iris-tls/ca.crt
{{ . }}CertFile: /etc/iris-tls/tls.crt
{{ . }}KeyFile: /etc/iris-tls/tls.key
{{- end -}}
