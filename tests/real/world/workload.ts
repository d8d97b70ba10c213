/** A page that pods serve behind NodePort 30080: three of them, on different nodes, two of which have to stay. */
export const pages = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: pages}
spec:
  replicas: 3
  selector: {matchLabels: {app: pages}}
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  template:
    metadata: {labels: {app: pages}}
    spec:
      terminationGracePeriodSeconds: 30
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: pages}}}]
      containers:
        - name: web
          image: lab.invalid/web-server:1
          args: [--drain, 8s]
          env: [{name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {path: /readyz, port: 8080}, periodSeconds: 1}
          resources: {requests: {cpu: 10m, memory: 16Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: pages}
spec: {type: NodePort, selector: {app: pages}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pages}
spec: {minAvailable: 2, selector: {matchLabels: {app: pages}}}
`;
