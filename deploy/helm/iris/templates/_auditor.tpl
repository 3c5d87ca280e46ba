{{- /* Settings of the auditor that the chart itself decides. */ -}}
{{- define "iris.auditorSettings" -}}
http.host: {{ .Values.listenHost | quote }}
http.port: 8081
log.level: {{ .Values.logLevel }}
{{- if .Values.auditor.fileSink.enabled }}
fileSink.directory: /var/lib/iris/evidence
{{- end }}
{{- end -}}
