package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/urun/urun/pkg/companion"
	"github.com/urun/urun/pkg/container"
)

type listCmd struct {
	Quiet  bool   `name:"quiet" short:"q" about:"Print ids only."`
	Format string `name:"format" short:"f" placeholder:"FORMAT" enum:"table,json" default:"table" about:"table, the default, or json."`
}

// Run lists the containers.
func (c *listCmd) Run(app *App) error {
	app.quiet = true
	rt, err := app.Runtime()
	if err != nil {
		return err
	}
	all, err := rt.List()
	switch {
	case err != nil:
		return err
	case c.Quiet:
		return printIDs(app.Stdout, all)
	case c.Format == "json":
		data, err := container.ListJSON(all)
		if err != nil {
			return err
		}
		_, err = app.Stdout.Write(data)
		return err
	}
	return printTable(app.Stdout, all)
}

func printIDs(w io.Writer, all []container.Status) error {
	for _, s := range all {
		if _, err := fmt.Fprintln(w, s.ID); err != nil {
			return err
		}
	}
	return nil
}

// plain is s for one cell of a table: what would move the cursor, end the line or colour the terminal is quoted.
func plain(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	return strconv.Quote(s)
}

// printTable has runc's columns and runc's spaces between them, and one more where a container has published ports.
func printTable(w io.Writer, all []container.Status) error {
	tw := tabwriter.NewWriter(w, 12, 1, 3, ' ', 0)
	ports := slices.ContainsFunc(all, func(s container.Status) bool { return len(portsOf(s)) > 0 })
	fmt.Fprint(tw, "ID\tPID\tSTATUS\tBUNDLE\tCREATED\tOWNER")
	if ports {
		fmt.Fprint(tw, "\tPORTS")
	}
	fmt.Fprintln(tw)
	for _, s := range all {
		fmt.Fprintf(tw, "%s\t%d\t%s\t%s\t%s\t%s",
			s.ID, s.Pid, s.Status, plain(s.Bundle), s.Created.Format(time.RFC3339Nano), plain(s.Owner))
		if ports {
			fmt.Fprint(tw, "\t"+portList(portsOf(s)))
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}

// portsOf are the published ports of a container.
func portsOf(s container.Status) []companion.Port {
	if s.Network == nil {
		return nil
	}
	return s.Network.Ports
}

// portList is all ports in one cell.
func portList(ports []companion.Port) string {
	var list []string
	for _, p := range ports {
		list = append(list, p.String())
	}
	return strings.Join(list, ",")
}
