// Package bundle reads and writes OCI bundles: a directory with a config.json and a root file system.
//
// The OCI type specs.Spec is the configuration of urun; nothing stands between it and the file.
package bundle
