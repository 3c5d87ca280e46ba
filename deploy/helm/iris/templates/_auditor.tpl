{{- /* Settings of the auditor that the chart itself decides. */ -}}
{{- define "iris.auditorSettings" -}}
http.host: {{ .Values.listenHost | quote }}
http.port: 8081
log.level: {{ .Values.logLevel }}
{{- if .Values.auditor.fileSink.enabled }}
fileSink.directory: /var/lib/iris/evidence
{{- end }}
{{- end -}}

{{- define "iris.auditorPodTemplate" -}}
{{- $auditor := .Values.auditor -}}
metadata:
  {{- include "iris.podMetadata" (list . "auditor") | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list . "auditor" $auditor.gracePeriodSeconds) | nindent 2 }}
  containers:
    - name: auditor
      image: {{ include "iris.image" (list . "auditor") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list . "auditor") | nindent 8 }}
      env:
        {{- $settings := mergeOverwrite (deepCopy $auditor.settings) (include "iris.auditorSettings" . | fromYaml) }}
        {{- include "iris.settingsEnvironment" $settings | nindent 8 }}
        {{- include "iris.databaseEnvironment" . | nindent 8 }}
        {{- include "iris.redisEnvironment" . | nindent 8 }}
        {{- include "iris.telemetryEnvironment" (list . "auditor") | nindent 8 }}
        {{- with include "iris.fileEnvironment" (list . "auditor") | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list . "auditor" $auditor.secret) | nindent 6 }}
      ports:
        - name: http
          containerPort: 8081
        {{- include "iris.metricsPort" . | nindent 8 }}
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 10
        timeoutSeconds: 3
      resources:
        {{- toYaml $auditor.resources | nindent 8 }}
      volumeMounts:
        - name: sink
          mountPath: /var/lib/iris
        - name: tmp
          mountPath: /tmp
        {{- with include "iris.fileMounts" (list . "auditor") | trim }}{{ . | nindent 8 }}{{ end }}
  volumes:
    {{- with include "iris.fileVolumes" (list . "auditor") | trim }}{{ . | nindent 4 }}{{ end }}
    - name: sink
      {{- if and $auditor.fileSink.enabled $auditor.fileSink.size }}
      persistentVolumeClaim:
        claimName: {{ include "iris.fullname" . }}-auditor
      {{- else }}
      emptyDir: {}
      {{- end }}
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
{{- end -}}
