{{- /* Head of a NetworkPolicy: (list $ component name); every pod of the release when the component is empty. */ -}}
{{- define "iris.networkPolicy" -}}
{{- $root := index . 0 -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "iris.fullname" $root }}-{{ index . 2 }}
  labels:
    {{- include "iris.labels" (list $root (index . 1)) | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "iris.selectorLabels" (list $root (index . 1)) | nindent 6 }}
{{- end -}}

{{- /* Egress rule to a component: (list $ component port). */ -}}
{{- define "iris.toComponent" -}}
to:
  - podSelector:
      matchLabels:
        {{- include "iris.selectorLabels" (list (index . 0) (index . 1)) | nindent 8 }}
ports:
  - port: {{ index . 2 }}
{{- end -}}

{{- /* Ingress rule from components: (list $ components port). */ -}}
{{- define "iris.fromComponents" -}}
{{- $root := index . 0 -}}
from:
  {{- range index . 1 }}
  - podSelector:
      matchLabels:
        {{- include "iris.selectorLabels" (list $root .) | nindent 8 }}
  {{- end }}
ports:
  - port: {{ index . 2 }}
{{- end -}}

{{- /* Rules of a direction, none too: (list direction rules). */ -}}
{{- define "iris.rules" -}}
{{- $rules := trim (index . 1) -}}
{{ index . 0 }}:
{{- if $rules }}
{{- $rules | nindent 2 }}
{{- else }} []
{{- end }}
{{- end -}}

{{- /* Egress rules to every enricher and to the PDP. */ -}}
{{- define "iris.meshEgress" -}}
{{- range $id, $_ := (include "iris.registryFile" . | fromYaml).sources }}
{{- if (include "iris.enricher" (list $ $id) | fromYaml).enabled }}
- {{- include "iris.toComponent" (list $ (printf "enricher-%s" $id) 50051) | nindent 2 }}
{{- end }}
{{- end }}
{{- include "iris.pdpRule" . }}
{{- end -}}

{{- /* Egress rule to the PDP. */ -}}
{{- define "iris.pdpRule" -}}
{{- if eq .Values.pdp.kind "external" }}
- ports:
    - port: {{ regexFind "[0-9]+$" .Values.pdp.external.target }}
  {{- with .Values.pdp.external.peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- else }}
- {{- include "iris.toComponent" (list . "pdp" (ternary 3594 3593 (eq .Values.pdp.kind "tainaron"))) | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Peers that reach a port through the tailnet or by the values: (list $ peers port isInTailnet). */ -}}
{{- define "iris.peersRule" -}}
{{- $values := (index . 0).Values -}}
{{- $operator := and (index . 3) (eq $values.tailnet.expose "operator") -}}
{{- if or $operator (index . 1) }}
- from:
    {{- if $operator }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ $values.tailnet.operatorNamespace }}
    {{- end }}
    {{- with index . 1 }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - port: {{ index . 2 }}
{{- end }}
{{- end -}}

{{- /* Who reaches an entry point: (list $ component). */ -}}
{{- define "iris.entryPointIngress" -}}
{{- $root := index . 0 -}}
{{- $values := $root.Values -}}
{{- $component := index . 1 -}}
{{- if eq $component "gateway" -}}
{{- $clients := list -}}
{{- if $values.doctor.enabled }}{{ $clients = append $clients "doctor" }}{{ end -}}
{{- if $values.console.enabled }}{{ $clients = append $clients "console" }}{{ end -}}
{{- with $clients }}
- {{- include "iris.fromComponents" (list $root . 8080) | nindent 2 }}
{{- end }}
{{- include "iris.peersRule" (list $root $values.networkPolicy.gatewayFrom 8080 true) }}
{{- else if eq $component "mcp-gateway" -}}
{{- include "iris.peersRule" (list $root $values.mcpGateway.from 8080 (ne $values.mcpGateway.hostname "")) }}
{{- else -}}
{{- include "iris.peersRule" (list $root $values.pdpProxy.from 8080 false) }}
{{- include "iris.peersRule" (list $root $values.pdpProxy.from 3593 false) }}
{{- end -}}
{{- include "iris.scrapeRule" $root }}
{{- end -}}

{{- define "iris.consoleIngress" -}}
{{- include "iris.peersRule" (list . .Values.console.from 8080 (ne .Values.console.hostname "")) }}
{{- include "iris.scrapeRule" . }}
{{- end -}}

{{- /* Egress rule to the database of the decision log. */ -}}
{{- define "iris.databaseRule" -}}
{{- if eq .Values.decisionLog.kind "bundled" }}
- {{- include "iris.toComponent" (list . "database" 5432) | nindent 2 }}
{{- else if eq .Values.decisionLog.kind "external" }}
- ports:
    - port: {{ .Values.decisionLog.external.port }}
  {{- with .Values.decisionLog.external.peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* Who may push to an enricher: (list $ enricher). A Funnel ends at a proxy of the operator. */ -}}
{{- define "iris.webhookRule" -}}
{{- $root := index . 0 -}}
{{- $enricher := index . 1 -}}
{{- $funnel := eq $enricher.webhook.expose "funnel" -}}
{{- if or $funnel $enricher.webhookFrom }}
- from:
    {{- if $funnel }}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ $root.Values.tailnet.operatorNamespace }}
    {{- end }}
    {{- with $enricher.webhookFrom }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - port: 8081
{{- end }}
{{- end -}}

{{- /* Egress of an enricher: (list $ enricher component). */ -}}
{{- define "iris.enricherEgress" -}}
{{- $root := index . 0 -}}
{{- /* A rule without peers would allow every address. */}}
{{- if and (eq $root.Values.networkPolicy.vendorEgress "cidr") (index . 1).egress.cidrs }}
{{ include "iris.vendorRule" (list $root (index . 1).egress) }}
{{- end }}
{{- include "iris.proxyRule" (list $root (index . 2)) }}
{{- include "iris.redisRule" $root }}
{{- include "iris.otlpRule" $root }}
{{- end -}}

{{- define "iris.pdpEgress" -}}
{{- if eq .Values.pdp.kind "tainaron" }}
# Cerbos Hub.
{{ include "iris.vendorRule" (list . (dict "cidrs" (list "0.0.0.0/0" "::/0") "port" 443)) }}
{{- if .Values.pdp.tainaron.tailnet.join }}
{{ include "iris.tailscaleRule" . }}
{{- end }}
{{- else }}
{{- with .Values.pdp.cerbos.egress }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- include "iris.proxyRule" (list . "pdp") }}
{{- include "iris.otlpRule" . }}
{{- end -}}

{{- define "iris.scrapeRule" -}}
{{- with .Values.telemetry.prometheus }}
{{- if and .enabled .from }}
- from:
    {{- toYaml .from | nindent 4 }}
  ports:
    - port: 9464
{{- end }}
{{- end }}
{{- end -}}

{{- define "iris.redisRule" -}}
{{- if eq .Values.redis.kind "bundled" }}
- {{- include "iris.toComponent" (list . "redis" 6379) | nindent 2 }}
{{- else if eq .Values.redis.kind "external" }}
{{- $external := .Values.redis.external }}
{{- $ports := list $external.port }}
{{- if $external.nodes }}
{{- $ports = list }}
{{- range $external.nodes }}{{- $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default (ternary 26379 6379 (eq $external.topology "sentinel")) | int) }}{{- end }}
{{- if eq $external.topology "sentinel" }}{{- $ports = append $ports $external.port }}{{- end }}
{{- end }}
- ports:
    {{- range concat $ports $external.morePorts | uniq }}
    - port: {{ int . }}
    {{- end }}
  {{- with .Values.redis.external.peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "iris.otlpRule" -}}
{{- with .Values.telemetry.otlp }}
{{- if .endpoint }}
- ports:
    - port: {{ .port }}
  {{- with .peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Egress rule to a vendor by address range: (list $ {cidrs, port}). A whole family leaves out private ranges. */ -}}
{{- define "iris.vendorRule" -}}
{{- $root := index . 0 -}}
{{- $egress := index . 1 -}}
- to:
    {{- range $cidr := $egress.cidrs }}
    - ipBlock:
        cidr: {{ $cidr | quote }}
        {{- if or (eq $cidr "0.0.0.0/0") (eq $cidr "::/0") }}
        except:
          {{- range $root.Values.networkPolicy.privateRanges }}
          {{- if eq (contains ":" .) (contains ":" $cidr) }}
          - {{ . | quote }}
          {{- end }}
          {{- end }}
        {{- end }}
    {{- end }}
  ports:
    - port: {{ $egress.port }}
{{- end -}}

{{- /* What a node of the tailnet needs: control plane and relays by TCP, STUN and peers by UDP. */ -}}
{{- define "iris.tailscaleRule" -}}
{{- $public := list "0.0.0.0/0" "::/0" -}}
{{ include "iris.vendorRule" (list . (dict "cidrs" $public "port" 443)) }}
{{ include "iris.vendorRule" (list . (dict "cidrs" $public "port" 80)) }}
- ports:
    - { port: 1024, endPort: 65535, protocol: UDP }
{{- end -}}
