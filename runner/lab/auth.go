package lab

import (
	"context"
	"crypto/rand"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// makePasswords makes one for root and each user; none without users.
func makePasswords(a scenarios.Auth) map[string]string {
	if !a.Enabled {
		return nil
	}
	passwords := map[string]string{scenarios.Root: rand.Text()}
	for _, u := range a.Users {
		passwords[u.Name] = rand.Text()
	}
	return passwords
}

// setUpAuth makes the users and roles, and demands them from then on.
func setUpAuth(ctx context.Context, c *clientv3.Client, a scenarios.Auth, passwords map[string]string) error {
	if !a.Enabled {
		return nil
	}
	if err := makeRoles(ctx, c, a); err != nil {
		return err
	}
	users := append([]scenarios.User{{Name: scenarios.Root, Roles: []string{scenarios.Root}}}, a.Users...)
	for _, u := range users {
		if _, err := c.UserAdd(ctx, u.Name, passwords[u.Name]); err != nil {
			return fmt.Errorf("adding the user %s: %w", u.Name, err)
		}
		for _, role := range u.Roles {
			if _, err := c.UserGrantRole(ctx, u.Name, role); err != nil {
				return fmt.Errorf("granting the role %s to the user %s: %w", role, u.Name, err)
			}
		}
	}
	if _, err := c.AuthEnable(ctx); err != nil {
		return fmt.Errorf("demanding users: %w", err)
	}
	return nil
}

func makeRoles(ctx context.Context, c *clientv3.Client, a scenarios.Auth) error {
	if _, err := c.RoleAdd(ctx, scenarios.Root); err != nil {
		return fmt.Errorf("adding the role root: %w", err)
	}
	for _, r := range a.Roles {
		if _, err := c.RoleAdd(ctx, r.Name); err != nil {
			return fmt.Errorf("adding the role %s: %w", r.Name, err)
		}
		for _, each := range []struct {
			prefixes []string
			allowed  clientv3.PermissionType
		}{
			{r.Read, clientv3.PermissionType(clientv3.PermRead)},
			{r.Write, clientv3.PermissionType(clientv3.PermWrite)},
			{r.ReadWrite, clientv3.PermissionType(clientv3.PermReadWrite)},
		} {
			for _, prefix := range each.prefixes {
				// Without a prefix it is from the first key, a zero byte, to the end.
				key, end := prefix, clientv3.GetPrefixRangeEnd(prefix)
				if prefix == "" {
					key = "\x00"
				}
				if _, err := c.RoleGrantPermission(ctx, r.Name, key, end, each.allowed); err != nil {
					return fmt.Errorf("allowing the role %s the keys below %q: %w", r.Name, prefix, err)
				}
			}
		}
	}
	return nil
}
