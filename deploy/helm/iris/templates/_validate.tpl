{{- /*
Refuses combinations of values that cannot work. Every refusal has a name, so that it can be looked up and tested; all
of them are reported at once.
*/ -}}
{{- define "iris.validate" -}}
{{- $values := .Values -}}
{{- $refusals := list -}}
{{- $registry := (include "iris.registryFile" . | fromYaml).sources -}}
{{- $replicas := ternary $values.gateway.autoscaling.maxReplicas $values.gateway.replicas $values.gateway.autoscaling.enabled | int -}}

{{- $missing := list -}}
{{- range $id, $_ := $registry -}}
{{- if not (hasKey $values.enrichers $id) -}}
{{- $missing = append $missing $id -}}
{{- $refusals = append $refusals (printf "enricher-missing: files/sources.yaml has %s, but enrichers has not" $id) -}}
{{- end -}}
{{- $enricher := include "iris.enricher" (list $ $id) | fromYaml -}}
{{- if $enricher.enabled -}}
{{- if not (or $enricher.secret.existingSecret $enricher.secret.values) -}}
{{- $refusals = append $refusals (printf "enricher-without-secret: enrichers.%s runs, so it needs secret.existingSecret or secret.values" $id) -}}
{{- end -}}
{{- if and (eq $values.networkPolicy.vendorEgress "cilium") (not $enricher.egress.hosts) -}}
{{- $refusals = append $refusals (printf "vendor-hosts-missing: enrichers.%s.egress.hosts is empty, and networkPolicy.vendorEgress is cilium" $id) -}}
{{- end -}}
{{- if and (ne $enricher.webhook.expose "none") (not $enricher.webhook.host) -}}
{{- $refusals = append $refusals (printf "webhook-host-missing: enrichers.%s.webhook.expose is %s, so it needs webhook.host" $id $enricher.webhook.expose) -}}
{{- end -}}
{{- if and (eq $enricher.webhook.expose "funnel") (contains "." $enricher.webhook.host) -}}
{{- $refusals = append $refusals (printf "funnel-host-with-domain: enrichers.%s.webhook.host must be a name without its domain, which the tailnet gives" $id) -}}
{{- end -}}
{{- if and (eq $enricher.webhook.expose "ingress") $values.networkPolicy.enabled (not $enricher.webhookFrom) -}}
{{- $refusals = append $refusals (printf "webhook-unreachable: enrichers.%s.webhook.expose is ingress and webhookFrom is empty, so no push could arrive" $id) -}}
{{- end -}}
{{- end -}}
{{- $refusals = concat $refusals (include "iris.secretRefusal" (list (printf "enrichers.%s.secret" $id) $enricher.secret) | fromJsonArray) -}}
{{- end -}}

{{- $refusals = concat $refusals (include "iris.secretRefusal" (list "gateway.secret" $values.gateway.secret) | fromJsonArray) -}}
{{- if not (or $values.gateway.secret.existingSecret (hasKey $values.gateway.secret.values "hook.keys")) -}}
{{- $refusals = append $refusals "hook-keys-missing: gateway.secret needs existingSecret, or values with hook.keys" -}}
{{- end -}}
{{- if and $values.gateway.secret.keysFile (not $values.gateway.secret.existingSecret) -}}
{{- $refusals = append $refusals "keys-file-without-secret: gateway.secret.keysFile names a key of gateway.secret.existingSecret, which is not set" -}}
{{- end -}}
{{- range $key, $own := dict "gateway" $values.gateway "mcpGateway" $values.mcpGateway "pdpProxy" $values.pdpProxy -}}
{{- if and $own.autoscaling.enabled (gt (int $own.autoscaling.minReplicas) (int $own.autoscaling.maxReplicas)) -}}
{{- $refusals = append $refusals (printf "autoscaling-range: %s.autoscaling.minReplicas is more than maxReplicas" $key) -}}
{{- end -}}
{{- if lt (int $own.disruptionBudget.maxUnavailable) 1 -}}
{{- $refusals = append $refusals (printf "drain-blocked: %s.disruptionBudget.maxUnavailable is 0, so no node could be drained" $key) -}}
{{- end -}}
{{- end -}}
{{- if $values.mcpGateway.enabled -}}
{{- if not $values.mcpGateway.servers -}}
{{- $refusals = append $refusals "mcp-servers-missing: mcpGateway.servers must list the MCP servers behind it" -}}
{{- end -}}
{{- if and $values.networkPolicy.enabled (not $values.mcpGateway.from) (not (and (eq $values.tailnet.expose "operator") $values.mcpGateway.hostname)) -}}
{{- $refusals = append $refusals "mcp-gateway-unreachable: mcpGateway.from is empty and no proxy of the tailnet's operator leads to it, so no client could arrive" -}}
{{- end -}}
{{- end -}}
{{- if and $values.pdpProxy.enabled $values.networkPolicy.enabled (not $values.pdpProxy.from) -}}
{{- $refusals = append $refusals "pdp-proxy-unreachable: pdpProxy.from is empty, so no caller could arrive" -}}
{{- end -}}
{{- if and $values.pdpProxy.enabled (not $values.pdpProxy.callers.existingSecret) -}}
{{- $refusals = append $refusals "callers-missing: pdpProxy.callers.existingSecret must name a Secret with the file of callers" -}}
{{- end -}}
{{- if and $values.pdpProxy.enabled (ne $values.pdp.kind "cerbos") (not (get $values.pdpProxy.settings "pdp.httpUrl")) -}}
{{- $refusals = append $refusals "pdp-url-missing: pdpProxy.settings needs pdp.httpUrl, the HTTP listener of a PDP that the chart does not run" -}}
{{- end -}}
{{- if $values.console.enabled -}}
{{- if eq $values.decisionLog.kind "none" -}}
{{- $refusals = append $refusals "console-without-log: the console shows the decision log; set decisionLog.kind" -}}
{{- end -}}
{{- if and $values.networkPolicy.enabled (not $values.console.from) (not (and (eq $values.tailnet.expose "operator") $values.console.hostname)) -}}
{{- $refusals = append $refusals "console-unreachable: console.from is empty and no proxy of the tailnet's operator leads to it, so nobody could open it" -}}
{{- end -}}
{{- end -}}
{{- if and $values.console.enabled (not (get $values.console.settings "access.methods")) -}}
{{- $refusals = append $refusals "console-access-missing: console.settings needs access.methods, tailscale or oidc: without it the console has local access only" -}}
{{- end -}}
{{- if and (ne $values.decisionLog.kind "none") (not $values.auditor.enabled) -}}
{{- $refusals = append $refusals "log-without-auditor: the auditor fills the decision log; set auditor.enabled, or decisionLog.kind to none" -}}
{{- end -}}
{{- if and (eq $values.decisionLog.kind "external") (not $values.decisionLog.external.existingSecret) -}}
{{- $refusals = append $refusals "database-url-missing: decisionLog.external.existingSecret must name a Secret with the URL" -}}
{{- end -}}
{{- if and (eq $values.decisionLog.kind "bundled") (not $values.decisionLog.bundled.existingSecret) -}}
{{- $refusals = append $refusals "database-password-missing: decisionLog.bundled.existingSecret must name a Secret with the password" -}}
{{- end -}}
{{- $refusals = concat $refusals (include "iris.secretRefusal" (list "mcpGateway.secret" $values.mcpGateway.secret) | fromJsonArray) -}}
{{- $refusals = concat $refusals (include "iris.secretRefusal" (list "pdpProxy.secret" $values.pdpProxy.secret) | fromJsonArray) -}}
{{- $refusals = concat $refusals (include "iris.secretRefusal" (list "console.secret" $values.console.secret) | fromJsonArray) -}}
{{- if and (ne $values.pdp.kind "external") (lt (int $values.pdp.disruptionBudget.maxUnavailable) 1) -}}
{{- $refusals = append $refusals "drain-blocked: pdp.disruptionBudget.maxUnavailable is 0, so no node could be drained" -}}
{{- end -}}
{{- $budgetSeconds := divf (default 1500 (get $values.gateway.settings "hook.budgetMs")) 1000 -}}
{{- if lt (float64 $values.gateway.drain.gracePeriodSeconds) (addf (float64 $values.gateway.drain.preStopSeconds) $budgetSeconds 5.0) -}}
{{- $refusals = append $refusals "drain-too-short: gateway.drain.gracePeriodSeconds must exceed preStopSeconds and hook.budgetMs by 5 s" -}}
{{- end -}}

{{- if and (eq $values.redis.kind "none") $values.auditor.enabled -}}
{{- $refusals = append $refusals "auditor-without-redis: the auditor takes evidence from a queue in Redis; set redis.kind, or auditor.enabled to false" -}}
{{- end -}}
{{- if and (eq $values.redis.kind "none") (gt $replicas 1) -}}
{{- $refusals = append $refusals "replicas-without-redis: gateways share verdicts through Redis; run one, or set redis.kind" -}}
{{- end -}}
{{- with $values.redis.external -}}
{{- $given := without (list (ternary "existingSecret" "" (ne .existingSecret "")) (ternary "url" "" (ne .url "")) (ternary "nodes" "" (not (empty .nodes)))) "" -}}
{{- if and (eq $values.redis.kind "external") (not $given) -}}
{{- $refusals = append $refusals "redis-url-missing: redis.external needs existingSecret, url or nodes" -}}
{{- end -}}
{{- if gt (len $given) 1 -}}
{{- $refusals = append $refusals (printf "two-secrets: redis.external has %s; set one of them" (join " and " $given)) -}}
{{- end -}}
{{- if and .nodes (ne (eq .topology "sentinel") (ne .primaryName "")) -}}
{{- $refusals = append $refusals "redis-primary: redis.external.primaryName belongs to the topology sentinel, and to no other" -}}
{{- end -}}
{{- if and (eq .topology "single") (gt (len .nodes) 1) -}}
{{- $refusals = append $refusals "redis-nodes: redis.external.nodes has several; set topology to cluster or sentinel" -}}
{{- end -}}
{{- end -}}
{{- $refusals = concat $refusals (include "iris.secretRefusal" (list "auditor.secret" $values.auditor.secret) | fromJsonArray) -}}
{{- if and $values.auditor.enabled (not (or $values.auditor.fileSink.enabled (ne $values.decisionLog.kind "none") (get $values.auditor.settings "httpSink.url") (get $values.auditor.settings "otlpSink.url"))) -}}
{{- $refusals = append $refusals "auditor-without-sink: auditor needs fileSink.enabled, a decisionLog, or settings with httpSink.url or otlpSink.url" -}}
{{- end -}}
{{- if and $values.auditor.enabled $values.networkPolicy.enabled (not $values.auditor.egress) (not (include "iris.usesProxy" (list . "auditor"))) -}}
{{- range $key := list "httpSink.url" "otlpSink.url" -}}
{{- with get $values.auditor.settings $key -}}
{{- $refusals = append $refusals (printf "auditor-egress-missing: auditor.settings has %s, and auditor.egress lets the auditor reach nothing; add a rule for %s" $key (urlParse .).host) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $values.auditor.fileSink.enabled $values.auditor.fileSink.size (gt (int $values.auditor.replicas) 1) -}}
{{- $refusals = append $refusals "file-sink-shared: one volume cannot serve several auditors; set auditor.replicas to 1, or fileSink.enabled to false" -}}
{{- end -}}

{{- if and (eq $values.pdp.kind "external") (not (regexMatch "^([^\\s:/]+|\\[[0-9a-fA-F:.]+\\]):[0-9]+$" $values.pdp.external.target)) -}}
{{- $refusals = append $refusals "pdp-target-missing: pdp.external.target must be host:port, with an IPv6 address in brackets" -}}
{{- end -}}
{{- if eq $values.pdp.kind "tainaron" -}}
{{- $tainaron := $values.pdp.tainaron -}}
{{- if not $tainaron.image -}}
{{- $refusals = append $refusals "pdp-image-missing: pdp.tainaron.image must name the image of your licence, <registry>/synapse/synapse:<version>" -}}
{{- end -}}
{{- if and $tainaron.existingSecret $tainaron.secretValues -}}
{{- $refusals = append $refusals "two-secrets: pdp.tainaron has both existingSecret and secretValues" -}}
{{- end -}}
{{- if not $tainaron.existingSecret -}}
{{- range $key := list "CERBOS_HUB_DEPLOYMENT_ID" "CERBOS_HUB_CLIENT_ID" "CERBOS_HUB_CLIENT_SECRET" -}}
{{- if not (get $tainaron.secretValues $key) -}}
{{- $refusals = append $refusals (printf "hub-credentials-missing: pdp.tainaron needs existingSecret, or secretValues with %s" $key) -}}
{{- end -}}
{{- end -}}
{{- if and $tainaron.tailnet.join (not (get $tainaron.secretValues "TS_AUTHKEY")) -}}
{{- $refusals = append $refusals "pdp-auth-key-missing: pdp.tainaron.tailnet.join needs TS_AUTHKEY" -}}
{{- end -}}
{{- end -}}
{{- if and $values.pdp.requireStrict (not $tainaron.strictEvaluation) -}}
{{- $refusals = append $refusals "strictness-contradicted: pdp.requireStrict is on, and pdp.tainaron.strictEvaluation is off" -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.pdp.kind "cerbos") $values.pdp.cerbos.config $values.pdp.requireStrict -}}
{{- if not (dig "engine" "strictEvaluation" false $values.pdp.cerbos.config) -}}
{{- $refusals = append $refusals "strictness-contradicted: pdp.requireStrict is on, and pdp.cerbos.config has no engine.strictEvaluation: true" -}}
{{- end -}}
{{- end -}}

{{- if eq $values.tailnet.expose "sidecar" -}}
{{- if not $values.tailnet.sidecar.existingSecret -}}
{{- $refusals = append $refusals "sidecar-auth-key-missing: tailnet.sidecar.existingSecret must name a Secret with TS_AUTHKEY" -}}
{{- end -}}
{{- if $values.tailnet.proxyGroup -}}
{{- $refusals = append $refusals "sidecar-with-proxy-group: a ProxyGroup belongs to the operator; empty tailnet.proxyGroup, or set tailnet.expose to operator" -}}
{{- end -}}
{{- if and $values.tailnet.https (not $values.tailnet.domain) -}}
{{- $refusals = append $refusals "tailnet-domain-missing: a sidecar with tailnet.https needs tailnet.domain" -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.networkPolicy.vendorEgress "cilium") (not $values.networkPolicy.enabled) -}}
{{- $refusals = append $refusals "vendor-egress-unused: networkPolicy.vendorEgress is cilium, and networkPolicy.enabled is off" -}}
{{- end -}}
{{- if and $values.networkPolicy.enabled (eq $values.tailnet.expose "none") (not $values.networkPolicy.gatewayFrom) -}}
{{- $refusals = append $refusals "gateway-unreachable: tailnet.expose is none and networkPolicy.gatewayFrom is empty, so no hook could arrive" -}}
{{- end -}}
{{- if and $values.telemetry.prometheus.podMonitor (not $values.telemetry.prometheus.enabled) -}}
{{- $refusals = append $refusals "pod-monitor-without-metrics: telemetry.prometheus.podMonitor is on, and telemetry.prometheus.enabled is off" -}}
{{- end -}}

{{- if and (eq $values.networkPolicy.vendorEgress "cilium") (not (include "iris.hasApi" (list . "cilium.io/v2"))) -}}
{{- $refusals = append $refusals "custom-resource-missing: networkPolicy.vendorEgress is cilium, and the cluster has no cilium.io/v2; with helm template pass --api-versions cilium.io/v2 or set assumeCustomResources" -}}
{{- end -}}
{{- if and $values.tls.enabled $values.tls.certManager.issuer (not (include "iris.hasApi" (list . "cert-manager.io/v1"))) -}}
{{- $refusals = append $refusals "custom-resource-missing: tls.certManager.issuer is set, and the cluster has no cert-manager.io/v1; with helm template pass --api-versions cert-manager.io/v1 or set assumeCustomResources" -}}
{{- end -}}
{{- if not $missing -}}
{{- $refusals = concat $refusals (include "iris.nameRefusals" . | fromJsonArray) -}}
{{- end -}}

{{- if $refusals -}}
{{- fail (printf "\n\nThese values cannot work:\n  %s\n" (join "\n  " $refusals)) -}}
{{- end -}}
{{- end -}}

{{- /* (list path secret) to a JSON list of refusals. */ -}}
{{- define "iris.secretRefusal" -}}
{{- $secret := index . 1 -}}
{{- if and $secret.existingSecret $secret.values -}}
{{- list (printf "two-secrets: %s has both existingSecret and values" (index . 0)) | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}
