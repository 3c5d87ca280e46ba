{{- /* Pod template of `iris doctor`. */ -}}
{{- define "iris.doctorPodTemplate" -}}
{{- $doctor := .Values.doctor -}}
{{- $settings := .Values.gateway.settings -}}
metadata:
  {{- include "iris.podMetadata" (list . "doctor") | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list . "doctor" 10) | nindent 2 }}
  restartPolicy: Never
  containers:
    - name: doctor
      image: {{ include "iris.image" (list . "cli") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list . "doctor") | nindent 8 }}
      args:
        - start.js
        - doctor
        {{- range $option, $key := dict "kind" "pdp.resourceKind" "policy-version" "pdp.policyVersion" "scope" "pdp.scope" }}
        {{- with get $settings $key }}
        - --{{ $option }}={{ . }}
        {{- end }}
        {{- end }}
        {{- if .Values.gateway.golden }}
        - --golden=/etc/iris/golden.yaml
        {{- end }}
        {{- if or (and (eq .Values.pdp.kind "cerbos") .Values.tls.enabled) (and (eq .Values.pdp.kind "external") .Values.pdp.external.tls) }}
        - --pdp-tls
        {{- end }}
        {{- range $doctor.args }}
        - {{ . | quote }}
        {{- end }}
      env:
        - name: IRIS_GATEWAY_URL
          value: http://{{ include "iris.fullname" . }}-gateway:80
        - name: IRIS_PDP_TARGET
          value: {{ include "iris.pdpTarget" . | quote }}
        - name: IRIS_SOURCES_FILE
          value: /etc/iris/sources.yaml
        {{- include "iris.redisEnvironment" . | nindent 8 }}
        {{- if .Values.tls.enabled }}
        {{- include "iris.settingsEnvironment" (include "iris.tlsSettings" "tls." | fromYaml) | nindent 8 }}
        {{- end }}
        {{- with include "iris.fileEnvironment" (list . "doctor") | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list . "doctor" (dict "existingSecret" $doctor.hookKeySecret)) | nindent 6 }}
      resources:
        {{- toYaml $doctor.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/iris
          readOnly: true
        - name: tmp
          mountPath: /tmp
        {{- with include "iris.fileMounts" (list . "doctor") | trim }}{{ . | nindent 8 }}{{ end }}
  volumes:
    {{- with include "iris.fileVolumes" (list . "doctor") | trim }}{{ . | nindent 4 }}{{ end }}
    - name: config
      configMap:
        name: {{ include "iris.fullname" . }}-config
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
{{- end -}}
