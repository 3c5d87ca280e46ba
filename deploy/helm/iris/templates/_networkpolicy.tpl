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
- ports:
    - port: {{ .Values.redis.external.port }}
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

{{- /* What a node of the tailnet needs: control plane and relays by 443, STUN, and peers by UDP. */ -}}
{{- define "iris.tailscaleRule" -}}
- ports:
    - { port: 443, protocol: TCP }
    - { port: 80, protocol: TCP }
    - { port: 3478, protocol: UDP }
    - { port: 1024, endPort: 65535, protocol: UDP }
{{- end -}}
