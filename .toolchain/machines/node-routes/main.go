// node-routes is the pod network of the lab's machines: every node has a range of pod addresses of its own (Node.spec.podCIDR), and all
// nodes are neighbours in one network, so that a route to each other's range is all it takes. It
//
//   - writes the CNI configuration once its node has a range,
//   - keeps a route to every other node's range, by that node's address,
//   - keeps the rule that hides pods behind their node's address on the way out of the cluster.
//
// Nothing is taken back when it ends: a new version takes over while pods go on talking.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// kube-proxy's, from its ConfigMap: it names the API's address from outside, which answers before there are Services, with the
	// token of whichever pod it is mounted in.
	kubeconfig = "/var/lib/kube-proxy/kubeconfig.conf"
	// What somebody else changed is put right after this time at the latest.
	again = 30 * time.Second
)

func main() {
	log.SetFlags(0)
	self := os.Getenv("NODE_NAME")
	if self == "" {
		log.Fatal("NODE_NAME is not set: want the name of the node this runs on")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	nodes, changed, err := watchNodes(ctx)
	if err != nil {
		log.Fatal(err)
	}
	keepUp(ctx, self, nodes, changed)
}

// watchNodes gives a view of all nodes that keeps itself up to date, and a channel that says when to look.
func watchNodes(ctx context.Context) (cache.Store, <-chan struct{}, error) {
	config, err := clientConfig()
	if err != nil {
		return nil, nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	informer := factory.Core().V1().Nodes().Informer()
	changed := make(chan struct{}, 1)
	look := func() {
		select {
		case changed <- struct{}{}:
		default: // It is going to look already.
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { look() },
		UpdateFunc: func(before, now any) {
			if differs(before.(*corev1.Node), now.(*corev1.Node)) {
				look()
			}
		},
		DeleteFunc: func(any) { look() },
	}); err != nil {
		return nil, nil, err
	}
	factory.Start(ctx.Done())
	// Before that, what is missing would look like what has gone.
	cache.WaitForCacheSync(ctx.Done(), informer.HasSynced)
	return informer.GetStore(), changed, nil
}

func clientConfig() (*rest.Config, error) {
	if _, err := os.Stat(kubeconfig); err == nil {
		return clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	return rest.InClusterConfig()
}

func differs(before, now *corev1.Node) bool {
	return before.Spec.PodCIDR != now.Spec.PodCIDR || addressOf(before) != addressOf(now)
}

func addressOf(node *corev1.Node) string {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address
		}
	}
	return ""
}

func keepUp(ctx context.Context, self string, nodes cache.Store, changed <-chan struct{}) {
	said := ""
	for ctx.Err() == nil {
		own, others := ranges(self, nodes.List())
		err := putRight(own, others)
		switch now := text(own, others, err); {
		case now != said:
			log.Print(now)
			said = now
		}
		select {
		case <-changed:
		case <-time.After(again):
		case <-ctx.Done():
		}
	}
}

func putRight(own string, others map[string]string) error {
	if own == "" {
		return nil // The controller manager has not given it one yet.
	}
	if err := keepRoutes(others); err != nil {
		return err
	}
	if err := hide(own, others); err != nil {
		return err
	}
	// Last: once it is there, pods start.
	return configurePods(own)
}
