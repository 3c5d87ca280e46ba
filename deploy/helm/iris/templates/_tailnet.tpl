{{- /*
Serve configuration of the sidecar: the service svc:<hostname> ends at the gateway in the same pod. With HTTPS the proxy
speaks HTTP to the gateway and sets the identity headers; else it forwards TCP.
*/ -}}
{{- define "iris.serveConfig" -}}
{{- $service := printf "svc:%s" .Values.tailnet.hostname -}}
{{- if .Values.tailnet.https -}}
{{- $web := dict (printf "%s.%s:443" .Values.tailnet.hostname .Values.tailnet.domain) (dict "Handlers" (dict "/" (dict "Proxy" "http://127.0.0.1:8080"))) -}}
{{- toPrettyJson (dict "Services" (dict $service (dict "TCP" (dict "443" (dict "HTTPS" true)) "Web" $web))) -}}
{{- else -}}
{{- toPrettyJson (dict "Services" (dict $service (dict "TCP" (dict "80" (dict "TCPForward" "127.0.0.1:8080"))))) -}}
{{- end -}}
{{- end -}}

{{- /* The sidecar starts before the gateway and ends after it, so that a draining gateway can still answer. */ -}}
{{- define "iris.tailscaleSidecar" -}}
- name: tailscale
  image: {{ .Values.tailnet.sidecar.image }}
  restartPolicy: Always
  securityContext:
    {{- include "iris.containerSecurityContext" (list . "gateway") | nindent 4 }}
  env:
    - name: TS_AUTHKEY
      valueFrom:
        secretKeyRef:
          name: {{ .Values.tailnet.sidecar.existingSecret }}
          key: TS_AUTHKEY
    - name: TS_HOSTNAME
      valueFrom: { fieldRef: { fieldPath: metadata.name } }
    # Without a kernel device the pod needs no privilege.
    - name: TS_USERSPACE
      value: "true"
    # The node is ephemeral: its state may end with the pod, and the pod needs no right on Secrets.
    - name: TS_KUBE_SECRET
      value: ""
    - name: TS_STATE_DIR
      value: /var/lib/tailscale
    - name: TS_SOCKET
      value: /var/lib/tailscale/tailscaled.sock
    - name: TS_SERVE_CONFIG
      value: /etc/tailscale/serve.json
    - name: TS_ENABLE_HEALTH_CHECK
      value: "true"
    - name: TS_LOCAL_ADDR_PORT
      value: {{ printf "%s:9002" (ternary "[::]" "0.0.0.0" (eq .Values.listenHost "::")) | quote }}
  ports:
    - name: ts-health
      containerPort: 9002
  startupProbe:
    httpGet: { path: /healthz, port: ts-health }
    periodSeconds: 2
    failureThreshold: 60
  resources:
    {{- toYaml .Values.tailnet.sidecar.resources | nindent 4 }}
  volumeMounts:
    - name: tailnet-config
      mountPath: /etc/tailscale
      readOnly: true
    - name: tailnet-state
      mountPath: /var/lib/tailscale
    - name: tmp
      mountPath: /tmp
{{- end -}}
