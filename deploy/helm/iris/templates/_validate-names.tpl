{{- /*
Names that two parts of the values, or the values and the chart, both give: kubectl, kustomize or the API server refuse them,
or one value is lost. Each returns a JSON list of refusals.
*/ -}}
{{- define "iris.nameRefusals" -}}
{{- $root := . -}}
{{- $refusals := concat (include "iris.labelRefusals" . | fromJsonArray) (include "iris.settingsRefusals" . | fromJsonArray) -}}
{{- range $component := include "iris.components" . | fromJsonArray -}}
{{- $template := include "iris.podTemplate" (list $root $component) | fromYaml -}}
{{- $container := index $template.spec.containers 0 -}}
{{- $named := dict "env" (list $container.env "name") "volumeMounts" (list $container.volumeMounts "mountPath") "volumes" (list $template.spec.volumes "name") -}}
{{- range $kind, $list := $named -}}
{{- $seen := dict -}}
{{- range index $list 0 | default list -}}
{{- $name := get . (index $list 1) | trimSuffix "/" -}}
{{- if hasKey $seen $name -}}
{{- $refusals = append $refusals (printf "name-twice: the pod of %s has two %s with the %s %s; remove the one in pod.%s" $component $kind (index $list 1) $name $kind) -}}
{{- end -}}
{{- $_ := set $seen $name true -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson (uniq $refusals) -}}
{{- end -}}

{{- /* Pod template of a component: (list $ component). */ -}}
{{- define "iris.podTemplate" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- if hasPrefix "enricher-" $component -}}
{{- $id := trimPrefix "enricher-" $component -}}
{{- include "iris.enricherPodTemplate" (list $root $id (include "iris.enricher" (list $root $id) | fromYaml)) -}}
{{- else -}}
{{- include (printf "iris.%sPodTemplate" $component) $root -}}
{{- end -}}
{{- end -}}

{{- define "iris.labelRefusals" -}}
{{- $root := . -}}
{{- $refusals := list -}}
{{- $reserved := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/managed-by" "helm.sh/chart" -}}
{{- $maps := dict "commonLabels" $root.Values.commonLabels "telemetry.prometheus.labels" $root.Values.telemetry.prometheus.labels -}}
{{- range $component := include "iris.components" . | fromJsonArray -}}
{{- $pod := include "iris.pod" (list $root $component) | fromYaml -}}
{{- $_ := set $maps (printf "the labels of the pod of %s" $component) $pod.labels -}}
{{- range $key := list "checksum/config" "checksum/secret" -}}
{{- if hasKey $pod.annotations $key -}}
{{- $refusals = append $refusals (printf "annotation-of-the-chart: the annotations of the pod of %s have %s, which the chart sets" $component $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $place, $labels := $maps -}}
{{- range $key := $reserved -}}
{{- if hasKey $labels $key -}}
{{- $refusals = append $refusals (printf "label-of-the-chart: %s: the chart sets %s, by which pods are selected or Helm finds its resources; use nameOverride for the name" $place $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $id, $_ := (include "iris.registryFile" . | fromYaml).sources -}}
{{- $webhook := (include "iris.enricher" (list $root $id) | fromYaml).webhook -}}
{{- range $key := list "tailscale.com/funnel" "tailscale.com/tags" -}}
{{- if and (eq $webhook.expose "funnel") (hasKey $webhook.annotations $key) -}}
{{- $refusals = append $refusals (printf "annotation-of-the-chart: enrichers.%s.webhook.annotations has %s, which the chart sets" $id $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $refusals -}}
{{- end -}}

{{- /* Settings by their environment variables: two spellings of one key, and what the chart sets itself. */ -}}
{{- define "iris.settingsRefusals" -}}
{{- $root := . -}}
{{- $refusals := list -}}
{{- $apps := list (list "gateway" .Values.gateway (include "iris.gatewaySettings" . | fromYaml)) -}}
{{- range $component := include "iris.entryPoints" . | fromJsonArray -}}
{{- if ne $component "gateway" -}}
{{- $apps = append $apps (list $component (include "iris.valuesOf" (list $root $component) | fromYaml) (include (printf "iris.%sSettings" $component) $root | fromYaml)) -}}
{{- end -}}
{{- end -}}
{{- if .Values.console.enabled -}}
{{- $apps = append $apps (list "console" .Values.console (include "iris.consoleSettings" . | fromYaml)) -}}
{{- end -}}
{{- if .Values.auditor.enabled -}}
{{- $apps = append $apps (list "auditor" .Values.auditor (include "iris.auditorSettings" . | fromYaml)) -}}
{{- end -}}
{{- range $id, $_ := (include "iris.registryFile" . | fromYaml).sources -}}
{{- $enricher := include "iris.enricher" (list $root $id) | fromYaml -}}
{{- if $enricher.enabled -}}
{{- $apps = append $apps (list (printf "enrichers.%s" $id) $enricher (include "iris.enricherSettings" $root | fromYaml)) -}}
{{- end -}}
{{- end -}}
{{- range $app := $apps -}}
{{- $place := index $app 0 -}}
{{- $values := index $app 1 -}}
{{- $ofChart := dict "IRIS_REDIS_URL" "secret" "IRIS_REDIS_PASSWORD_FILE" "chart" "IRIS_HOOK_KEYS" "secret" "IRIS_DECISION_LOG_URL" "secret" -}}
{{- range $key, $_ := index $app 2 -}}{{- $_ := set $ofChart (include "iris.environmentName" $key) "chart" -}}{{- end -}}
{{- range $map := list "settings" "secret.values" -}}
{{- $seen := dict -}}
{{- range $key, $value := ternary $values.settings $values.secret.values (eq $map "settings") -}}
{{- $name := include "iris.environmentName" $key -}}
{{- if not (regexMatch "^IRIS_[A-Z0-9_]+$" $name) -}}
{{- $refusals = append $refusals (printf "setting-name: %s.%s has %s, which is not the key of a setting; keys are written as hook.budgetMs" $place $map $key) -}}
{{- else if hasKey $seen $name -}}
{{- $refusals = append $refusals (printf "setting-twice: %s.%s has %s and %s, which are one setting" $place $map (get $seen $name) $key) -}}
{{- else if and (eq $map "settings") (eq (get $ofChart $name) "secret") -}}
{{- $refusals = append $refusals (printf "secret-among-settings: %s.settings has %s, which belongs into a Secret" $place $key) -}}
{{- else if eq (get $ofChart $name) "chart" -}}
{{- $refusals = append $refusals (printf "setting-of-the-chart: %s.%s has %s, which the chart decides" $place $map $key) -}}
{{- end -}}
{{- $_ := set $seen $name $key -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $refusals -}}
{{- end -}}
