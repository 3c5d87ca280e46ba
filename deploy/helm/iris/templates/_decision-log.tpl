{{- /* Where the decision log is. */ -}}
{{- define "iris.databaseEnvironment" -}}
{{- if eq .Values.decisionLog.kind "external" }}
- name: IRIS_DECISION_LOG_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.decisionLog.external.existingSecret }}
      key: {{ .Values.decisionLog.external.existingSecretKey }}
{{- else if eq .Values.decisionLog.kind "bundled" }}
- name: DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.decisionLog.bundled.existingSecret }}
      key: {{ .Values.decisionLog.bundled.existingSecretKey }}
- name: IRIS_DECISION_LOG_URL
  value: postgres://iris:$(DATABASE_PASSWORD)@{{ include "iris.fullname" . }}-database:5432/iris
- name: IRIS_DECISION_LOG_TLS
  value: "off"
{{- end }}
{{- end -}}

{{- define "iris.decision-log-migrationPodTemplate" -}}
{{- $component := "decision-log-migration" -}}
{{- $migration := .Values.decisionLog.migration -}}
metadata:
  {{- include "iris.podMetadata" (list . $component) | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list . $component 10) | nindent 2 }}
  restartPolicy: OnFailure
  containers:
    - name: migration
      image: {{ include "iris.image" (list . "cli") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list . $component) | nindent 8 }}
      args: [start.js, decision-log, migrate]
      env:
        {{- include "iris.databaseEnvironment" . | nindent 8 }}
        {{- with include "iris.fileEnvironment" (list . $component) | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list . $component dict) | nindent 6 }}
      resources:
        {{- toYaml $migration.resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- with include "iris.fileMounts" (list . $component) | trim }}{{ . | nindent 8 }}{{ end }}
  volumes:
    {{- with include "iris.fileVolumes" (list . $component) | trim }}{{ . | nindent 4 }}{{ end }}
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
{{- end -}}

{{- define "iris.databasePodTemplate" -}}
{{- $bundled := .Values.decisionLog.bundled -}}
metadata:
  {{- include "iris.podMetadata" (list . "database") | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list . "database" 60) | nindent 2 }}
  containers:
    - name: database
      image: {{ $bundled.image }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list . "database") | nindent 8 }}
      env:
        - name: POSTGRES_USER
          value: iris
        - name: POSTGRES_DB
          value: iris
        - name: POSTGRES_PASSWORD
          valueFrom:
            secretKeyRef:
              name: {{ $bundled.existingSecret }}
              key: {{ $bundled.existingSecretKey }}
        - name: PGDATA
          value: /var/lib/postgresql/data/pgdata
        {{- with include "iris.podEnvironment" (list . "database") }}
        {{- . | nindent 8 }}
        {{- end }}
      {{- include "iris.secretEnvironment" (list . "database" dict) | nindent 6 }}
      ports:
        - name: postgres
          containerPort: 5432
      livenessProbe:
        tcpSocket: { port: postgres }
        periodSeconds: 10
      readinessProbe:
        exec:
          command: [pg_isready, -U, iris, -d, iris]
        periodSeconds: 5
      resources:
        {{- toYaml $bundled.resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /var/lib/postgresql/data
        - name: run
          mountPath: /var/run/postgresql
        - name: tmp
          mountPath: /tmp
        {{- with (include "iris.pod" (list . "database") | fromYaml).volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: data
      {{- if $bundled.size }}
      persistentVolumeClaim:
        claimName: {{ include "iris.fullname" . }}-database
      {{- else }}
      emptyDir: {}
      {{- end }}
    - name: run
      emptyDir:
        sizeLimit: 1Mi
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- with (include "iris.pod" (list . "database") | fromYaml).volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
