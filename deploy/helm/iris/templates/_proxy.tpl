{{- /*
HTTP proxy of a component by the variables that programs share: (list $ component). Node.js reads them when
NODE_USE_ENV_PROXY is 1. The gateway reaches nothing outside of the cluster, so it has none.
*/ -}}
{{- define "iris.proxyEnvironment" -}}
{{- $root := index . 0 -}}
{{- $proxy := $root.Values.proxy -}}
{{- if and (include "iris.usesProxy" .) }}
{{- $fullname := include "iris.fullname" $root }}
{{- $names := list "localhost" "127.0.0.1" "::1" ".svc" ".cluster.local" }}
{{- range include "iris.components" $root | fromJsonArray }}{{- $names = append $names (printf "%s-%s" $fullname .) }}{{- end }}
{{- with $root.Values.telemetry.otlp.endpoint }}{{- $names = append $names (urlParse .).hostname }}{{- end }}
{{- with $proxy.https }}
- name: HTTPS_PROXY
  value: {{ . | quote }}
{{- end }}
{{- with $proxy.http }}
- name: HTTP_PROXY
  value: {{ . | quote }}
{{- end }}
- name: NO_PROXY
  value: {{ join "," (concat $names $proxy.noProxy | uniq) | quote }}
- name: NODE_USE_ENV_PROXY
  value: "1"
{{- end }}
{{- end -}}

{{- /* Whether a component reaches outside through the proxy: (list $ component); empty for no. */ -}}
{{- define "iris.usesProxy" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- if and (or $root.Values.proxy.https $root.Values.proxy.http) (or (has $component (list "auditor" "pdp" "mcp-gateway" "console")) (hasPrefix "enricher-" $component)) -}}true{{- end -}}
{{- end -}}

{{- /* Egress rules to the proxy: (list $ component). */ -}}
{{- define "iris.proxyRule" -}}
{{- $proxy := (index . 0).Values.proxy -}}
{{- if include "iris.usesProxy" . }}
{{- $ports := list }}
{{- range $url := without (list $proxy.https $proxy.http) "" }}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" (urlParse $url).host) }}
{{- $ports = append $ports (int (default (ternary 443 80 (hasPrefix "https:" $url)) $port)) }}
{{- end }}
- ports:
    {{- range uniq $ports }}
    - port: {{ . }}
    {{- end }}
  {{- with $proxy.peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
