{{- define "iris.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Labels of a component: (list $ component [more]). Later ones win; the labels that select pods are refused elsewhere. */ -}}
{{- define "iris.labels" -}}
{{- $root := index . 0 -}}
{{- $labels := dict
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_")
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/managed-by" $root.Release.Service
  "app.kubernetes.io/part-of" "iris" -}}
{{- $more := dict -}}
{{- if gt (len .) 2 -}}{{- $more = index . 2 -}}{{- end -}}
{{- range $layer := list $root.Values.commonLabels $more (include "iris.selectorLabels" . | fromYaml) -}}
{{- range $key, $value := $layer -}}
{{- $_ := set $labels $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $labels -}}
{{- end -}}

{{- /* Labels that select the pods of a component, or of the whole release when the component is empty. */ -}}
{{- define "iris.selectorLabels" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- if $component }}
app.kubernetes.io/component: {{ $component }}
{{- end }}
{{- end -}}

{{- /* Image of an app: (list $ app). */ -}}
{{- define "iris.image" -}}
{{- $root := index . 0 -}}
{{- $app := index . 1 -}}
{{- $image := $root.Values.image -}}
{{- with $image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
iris-{{ $app }}
{{- with index $image.digests $app -}}
@{{ . }}
{{- else -}}
:{{ default $root.Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{- /* Name of the Secret of a component: (list $ component secret), empty when it has none. */ -}}
{{- define "iris.secretName" -}}
{{- $root := index . 0 -}}
{{- $secret := index . 2 -}}
{{- if get $secret "existingSecret" -}}
{{- $secret.existingSecret -}}
{{- else if get $secret "values" -}}
{{- include "iris.fullname" $root }}-{{ index . 1 }}
{{- end -}}
{{- end -}}

{{- /* Values of a component that is neither an enricher nor bundled: (list $ component). */ -}}
{{- define "iris.valuesOf" -}}
{{- $component := index . 1 -}}
{{- $keys := dict "mcp-gateway" "mcpGateway" "pdp-proxy" "pdpProxy" -}}
{{- toYaml (index (index . 0).Values (get $keys $component | default $component)) -}}
{{- end -}}

{{- /* The components of this release as a JSON list: those that have pods of their own. */ -}}
{{- define "iris.components" -}}
{{- $components := include "iris.entryPoints" . | fromJsonArray -}}
{{- range $id, $_ := (include "iris.registryFile" . | fromYaml).sources -}}
{{- if (include "iris.enricher" (list $ $id) | fromYaml).enabled -}}
{{- $components = append $components (printf "enricher-%s" $id) -}}
{{- end -}}
{{- end -}}
{{- if .Values.auditor.enabled -}}{{- $components = append $components "auditor" -}}{{- end -}}
{{- if .Values.console.enabled -}}{{- $components = append $components "console" -}}{{- end -}}
{{- if ne .Values.decisionLog.kind "none" -}}{{- $components = append $components "decision-log-migration" -}}{{- end -}}
{{- if eq .Values.decisionLog.kind "bundled" -}}{{- $components = append $components "database" -}}{{- end -}}
{{- if ne .Values.pdp.kind "external" -}}{{- $components = append $components "pdp" -}}{{- end -}}
{{- if eq .Values.redis.kind "bundled" -}}{{- $components = append $components "redis" -}}{{- end -}}
{{- if .Values.doctor.enabled -}}{{- $components = append $components "doctor" -}}{{- end -}}
{{- toJson $components -}}
{{- end -}}

{{- /* Whether resources of an API group and version may be made: (list $ "group/version"); empty for no. */ -}}
{{- define "iris.hasApi" -}}
{{- $root := index . 0 -}}
{{- if or $root.Values.assumeCustomResources ($root.Capabilities.APIVersions.Has (index . 1)) -}}true{{- end -}}
{{- end -}}
