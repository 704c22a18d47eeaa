// The DNS server of a one-node test cluster: CoreDNS with the plugins that such a cluster needs, and no others.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/rewrite"
)

// A plugin of a Corefile is looked up here, and runs in this order.
func init() {
	dnsserver.Directives = []string{"bind", "ready", "errors", "rewrite", "kubernetes"}
}

func main() {
	coremain.Run()
}
