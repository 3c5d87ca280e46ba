{{- define "iris.redisPodTemplate" -}}
metadata:
  {{- include "iris.podMetadata" (list . "redis") | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list . "redis" 30) | nindent 2 }}
  containers:
    - name: redis
      {{- with include "iris.podEnvironment" (list . "redis") }}
      env:
        {{- . | nindent 8 }}
      {{- end }}
      {{- include "iris.secretEnvironment" (list . "redis" dict) | nindent 6 }}
      image: {{ .Values.redis.bundled.image }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list . "redis") | nindent 8 }}
      # Queues need every key to stay: a full Redis refuses writes instead of dropping them.
      args:
        - redis-server
        - --save
        - ""
        - --appendonly
        - "no"
        - --maxmemory
        - {{ .Values.redis.bundled.maxmemory | quote }}
        - --maxmemory-policy
        - noeviction
        - --protected-mode
        - "no"
      ports:
        - name: redis
          containerPort: 6379
      livenessProbe:
        tcpSocket: { port: redis }
        periodSeconds: 10
      readinessProbe:
        exec:
          command: ["redis-cli", "ping"]
        periodSeconds: 5
      resources:
        {{- toYaml .Values.redis.bundled.resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /data
        {{- with (include "iris.pod" (list . "redis") | fromYaml).volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: data
      emptyDir: {}
    {{- with (include "iris.pod" (list . "redis") | fromYaml).volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
