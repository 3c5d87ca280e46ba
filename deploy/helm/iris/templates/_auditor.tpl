{{- /* Settings of the auditor that the chart itself decides. */ -}}
{{- define "iris.auditorSettings" -}}
http.host: {{ .Values.listenHost | quote }}
http.port: 8081
log.level: {{ .Values.logLevel }}
{{- end -}}
