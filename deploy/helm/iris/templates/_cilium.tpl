{{- /*
A peer of a NetworkPolicy as a peer of a CiliumNetworkPolicy, which selects namespaces by labels of their own prefix.
Source: https://docs.cilium.io/en/stable/security/policy/kubernetes/
*/ -}}
{{- define "iris.ciliumPeer" -}}
{{- if .ipBlock -}}
toCIDRSet:
  - {{- toYaml .ipBlock | nindent 4 }}
{{- else -}}
{{- $labels := dict -}}
{{- $expressions := list -}}
{{- range $prefix, $selector := dict "k8s:io.cilium.k8s.namespace.labels." .namespaceSelector "k8s:" .podSelector -}}
{{- range $key, $value := ($selector | default dict).matchLabels -}}
{{- $_ := set $labels (print $prefix $key) $value -}}
{{- end -}}
{{- range ($selector | default dict).matchExpressions -}}
{{- $expressions = append $expressions (merge (dict "key" (print $prefix .key)) .) -}}
{{- end -}}
{{- end -}}
{{- if and (hasKey . "namespaceSelector") (empty .namespaceSelector) -}}
{{- $expressions = append $expressions (dict "key" "k8s:io.kubernetes.pod.namespace" "operator" "Exists") -}}
{{- end -}}
{{- $selector := dict -}}
{{- if $labels -}}{{- $_ := set $selector "matchLabels" $labels -}}{{- end -}}
{{- if $expressions -}}{{- $_ := set $selector "matchExpressions" $expressions -}}{{- end -}}
toEndpoints:
  - {{- toYaml $selector | nindent 4 }}
{{- end -}}
{{- end -}}
