#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of tools/bsd-commands without a kernel: which netlink requests each command line makes.

The tables have one command line per row. After '=>' are its requests, separated by ';', and its
output, each line after '>'; or '!' and its error, with exit status 1 and no request, except for
those after 'AFTER'. A row that ends with '\\' continues in the next line.
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import shlex
import subprocess
import sys
import tempfile
import unittest

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../bsd-commands/commands.py')
LOADER = importlib.machinery.SourceFileLoader('commands', FILE)
sys.dont_write_bytecode = True
commands = importlib.util.module_from_spec(importlib.util.spec_from_loader('commands', LOADER))
LOADER.exec_module(commands)

AF_INET, AF_INET6 = commands.AF_INET, commands.AF_INET6
P2P = commands.IFF_POINTOPOINT | commands.IFF_NOARP | commands.IFF_MULTICAST
ETHER = commands.IFF_BROADCAST | commands.IFF_MULTICAST


def link(index, name, flags, kind, mtu=1500, **attrs):
    pairs = [('IFLA_IFNAME', name), ('IFLA_MTU', mtu)]
    if flags & commands.IFF_BROADCAST:
        pairs.append(('IFLA_ADDRESS', f'02:00:5e:00:53:{index:02x}'))
    if kind:
        pairs.append(('IFLA_LINKINFO', {'attrs': [('IFLA_INFO_KIND', kind)]}))
    pairs += [(f'IFLA_{key.upper()}', item) for key, item in attrs.items()]
    return {'index': index, 'flags': flags, 'attrs': pairs,
            'ifi_type': 1 if flags & commands.IFF_BROADCAST else 0xfffe}


def address(index, text, peer=None, broadcast=None, flags=0x80, cache=None):
    local, length = text.split('/')
    family = AF_INET6 if ':' in local else AF_INET
    pairs = [('IFA_ADDRESS', peer or local)]
    if peer or family == AF_INET:
        pairs.append(('IFA_LOCAL', local))
    if broadcast:
        pairs.append(('IFA_BROADCAST', broadcast))
    if cache:
        pairs.append(('IFA_CACHEINFO', {'ifa_preferred': cache[0], 'ifa_valid': cache[1]}))
    return {'family': family, 'index': index, 'prefixlen': int(length), 'flags': flags,
            'scope': 253 if local.startswith('fe80') else 0, 'attrs': pairs}


def route(text, index=0, kind=1, proto=4, table=254, **attrs):
    destination, length = text.split('/')
    family = AF_INET6 if ':' in destination else AF_INET
    pairs = [('RTA_DST', destination)] if int(length) else []
    if index:
        pairs.append(('RTA_OIF', index))
    pairs += [(f'RTA_{key.upper()}', item) for key, item in attrs.items()]
    return {'family': family, 'dst_len': int(length), 'src_len': 0, 'tos': 0, 'table': table,
            'proto': proto, 'scope': 0, 'type': kind, 'attrs': pairs}


class Kernel:
    """Interfaces, addresses and routes, and the requests that change them."""

    def __init__(self):
        self.requests = []
        self.links = [
            link(1, 'lo', 0x10049, None, 65536),
            link(2, 'tun0', P2P | 0x10041, 'bsdtun'),
            link(3, 'tap0', ETHER | 0x10041, 'bsdtap', 1400, ifalias='to the lab'),
            link(4, 'tap1', ETHER, 'bsdtap'),
            link(5, 'tap2', ETHER, 'bsdtap', master=7),
            link(6, 'vmnet0', ETHER, 'bsdvmnet'),
            link(7, 'bridge0', ETHER, 'bridge'),
            link(8, 'tun1', P2P, 'bsdtun'),
        ]
        self.addresses = [
            address(1, '127.0.0.1/8'),
            address(2, '10.8.0.1/32', '10.8.0.2'),
            address(2, 'fd00:8::1/128', 'fd00:8::2'),
            address(3, '10.9.0.1/24', broadcast='10.9.0.255'),
            address(3, '10.9.0.7/24', broadcast='10.9.0.255'),
            address(3, '2001:db8::1/64'),
            address(3, '2001:db8:1::1/48', flags=0x20, cache=(0, 600)),
            address(3, 'fe80::1/64'),
        ]
        self.routes = [
            route('0.0.0.0/0', 3, gateway='10.9.0.254'),
            route('10.9.0.0/24', 3, proto=2),
            route('10.9.0.1/32', 3, kind=2, proto=2, table=255),
            route('10.20.0.0/16', 2, gateway='10.8.0.2'),
            route('10.30.0.0/16', kind=7),
            route('10.31.0.0/16', kind=6, proto=3),
            route('10.40.1.0/24', 2, metrics={'attrs': [('RTAX_MTU', 1300)]}),
            route('192.0.2.7/32', 3, via={'family': AF_INET6, 'addr': 'fe80::7'}),
            route('2001:db8::/64', 3, proto=2),
            route('::/0', 3, gateway='fe80::254'),
        ]

    def request(self, kind, fields, attrs=(), flags=0):
        attrs = dict(attrs)
        if kind.startswith('get'):
            return self.get(kind[3:], fields, attrs, flags)
        text = getattr(self, f'describe_{kind[3:]}')(kind[:3], fields, attrs, flags)
        self.requests.append(text)
        if kind == 'deladdr':
            self.delete_address(fields, attrs)
        return []

    def get(self, what, fields, attrs, flags):
        if what == 'link':
            if flags & commands.NLM_F_DUMP:
                return self.links
            found = [m for m in self.links
                     if commands.value(m, 'IFLA_IFNAME') == attrs['IFLA_IFNAME']]
            if not found:
                raise commands.KernelError(commands.errno.ENODEV)
            return found
        if what == 'addr':
            return [m for m in self.addresses if fields['family'] in (0, m['family'])]
        if flags & commands.NLM_F_DUMP:
            return [m for m in self.routes if m['family'] == fields['family']]
        # A lookup, which fails where a route rejects.
        wanted = commands.Route('get', [attrs['RTA_DST']], fields['family'])
        found = max((m for m in self.routes
                     if m['family'] == fields['family'] and wanted.covered_by(m)),
                    key=lambda m: m['dst_len'], default=None)
        if not found or commands.rejects(found):
            raise commands.KernelError(commands.errno.EHOSTUNREACH)
        return [found]

    def name(self, index):
        return next((commands.value(m, 'IFLA_IFNAME') for m in self.links
                     if m['index'] == index), 'nomaster')

    def delete_address(self, fields, attrs):
        """As Linux: the other IPv4 addresses of a subnet go with the first."""
        def network(text, length):
            return commands.packed(AF_INET, text) & commands.mask_of(AF_INET, length)

        own = [m for m in self.addresses
               if m['family'] == fields['family'] and m['index'] == fields['index']]
        local = attrs.get('IFA_LOCAL') or attrs['IFA_ADDRESS']
        gone = [m for m in own if commands.Address(m).local == local
                and m['prefixlen'] == fields['prefixlen']
                and commands.value(m, 'IFA_ADDRESS') == attrs['IFA_ADDRESS']]
        if not gone:
            raise commands.KernelError(commands.errno.EADDRNOTAVAIL)
        if fields['family'] == AF_INET:
            length = fields['prefixlen']
            subnet = [m for m in own if m['prefixlen'] == length
                      and network(commands.value(m, 'IFA_ADDRESS'), length)
                      == network(attrs['IFA_ADDRESS'], length)]
            gone = subnet if subnet[0] is gone[0] else gone
        self.addresses = [m for m in self.addresses if not any(m is other for other in gone)]

    def describe_link(self, verb, fields, attrs, flags):
        info = attrs.pop('IFLA_LINKINFO', None)
        if verb == 'del':
            return f"destroy {self.name(fields['index'])}"
        if info:
            name = attrs['IFLA_IFNAME']
            if any(commands.value(m, 'IFLA_IFNAME') == name for m in self.links):
                raise commands.KernelError(commands.errno.EEXIST)
            assert flags == commands.NLM_F_CREATE | commands.NLM_F_EXCL
            kind = commands.value(info, 'IFLA_INFO_KIND')
            self.links.append(link(9, name, P2P if kind == 'bsdtun' else ETHER, kind))
            return f'create {name} {kind}'
        words = [self.name(fields['index'])]
        for bit, name in ((0x1, 'up'), (0x4, 'debug'), (0x80, 'noarp'), (0x100, 'promisc')):
            if fields['change'] & bit:
                words.append(name if fields['flags'] & bit else f'-{name}')
        for key, item in attrs.items():
            if key == 'IFLA_MASTER':
                item = self.name(item)
            words += [key[5:].lower(), repr(item) if key == 'IFLA_IFALIAS' else str(item)]
        return ' '.join(words)

    def describe_addr(self, verb, fields, attrs, flags):
        assert flags == (commands.NLM_F_CREATE | commands.NLM_F_EXCL if verb == 'new' else 0)
        local = attrs.get('IFA_LOCAL', attrs['IFA_ADDRESS'])
        text = f"{verb} {self.name(fields['index'])} {local}/{fields['prefixlen']}"
        if attrs['IFA_ADDRESS'] != local:
            text += f" peer {attrs['IFA_ADDRESS']}"
        if 'IFA_BROADCAST' in attrs:
            text += f" brd {attrs['IFA_BROADCAST']}"
        cache = attrs.get('IFA_CACHEINFO')
        if cache:
            valid = cache['ifa_valid']
            text += f" valid {'infty' if valid == commands.FOREVER else valid}"
            text += f" preferred {cache['ifa_preferred']}"
        return text

    def describe_route(self, verb, fields, attrs, flags):
        change = verb == 'new' and flags == commands.NLM_F_REPLACE
        zero = '::' if fields['family'] == AF_INET6 else '0.0.0.0'
        words = ['change' if change else verb,
                 f"{attrs.get('RTA_DST', zero)}/{fields['dst_len']}"]
        kinds = {commands.RTN_BLACKHOLE: ['blackhole'], commands.RTN_UNREACHABLE: ['unreachable']}
        words += kinds.get(fields['type'], [])
        for key in ('RTA_GATEWAY', 'RTA_VIA', 'RTA_PREFSRC'):
            if key in attrs:
                item = attrs[key]
                item = item['addr'] if key == 'RTA_VIA' else item
                words += [{'RTA_PREFSRC': 'src'}.get(key, 'via'), item]
        if 'RTA_OIF' in attrs:
            words += ['dev', self.name(attrs['RTA_OIF'])]
        if 'RTA_METRICS' in attrs:
            words += ['mtu', str(commands.value(attrs['RTA_METRICS'], 'RTAX_MTU'))]
        if fields['scope'] == commands.RT_SCOPE_LINK:
            words.append('link')
        if verb == 'new' and fields['proto'] == commands.RTPROT_BOOT:
            words.append('boot')
        return ' '.join(words)


def attempt(line):
    """Runs a command line. Returns its exit status, requests, output and error."""
    kernel, output, error = Kernel(), io.StringIO(), io.StringIO()
    sysfs = {'tap0/keep': '1', 'tap1/keep': '0', 'tun0/owner': '4711', 'tap0/owner': '0'}
    commands.Link.attribute = lambda self, name: sysfs.get(f'{self.name}/{name}')
    commands.write_file = lambda path, text, name: kernel.requests.append(
        f'write {os.path.basename(path)} {text}')
    commands.unit_prefix = lambda: ('', False)
    name, *words = shlex.split(line)
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        status = commands.run(name, words, lambda: kernel)
    return status, kernel.requests, output.getvalue(), error.getvalue()


def rows(table):
    for row in table.replace('\\\n', ' ').splitlines():
        if row.strip() and not row.startswith('#'):
            line, _, effect = row.partition('=>')
            yield line.strip(), ' '.join(effect.split())


def effect_of(line):
    status, requests, output, error = attempt(line)
    if status:
        assert status == 1 and not output and error.count('\n') == 1, (line, error, output)
        return '! ' + error.split(': ', 1)[1].strip() + (' AFTER ' if requests else '') + \
            '; '.join(requests)
    assert not error, (line, error)
    # Of the last two lines of route get, the numbers suffice.
    parts = requests + ['> ' + text for text in output.splitlines() if 'recvpipe' not in text]
    return ' '.join('; '.join(parts).split())

IFCONFIG = r"""
# Creating and removing.
ifconfig tap7 create => create tap7 bsdtap
ifconfig tap create => create tap3 bsdtap; > tap3
ifconfig tun create => create tun2 bsdtun; > tun2
ifconfig vmnet create => create vmnet1 bsdvmnet; > vmnet1
ifconfig bridge create => create bridge1 bridge; > bridge1
ifconfig bridge3 create => create bridge3 bridge
ifconfig tun9 plumb => create tun9 bsdtun
ifconfig tap7 create mtu 1400 up => create tap7 bsdtap; tap7 mtu 1400; tap7 up
ifconfig tap create 10.9.3.1/24 => \
        create tap3 bsdtap; new tap3 10.9.3.1/24 brd 10.9.3.255; tap3 up; > tap3
ifconfig tap create name guest => create tap3 bsdtap; tap3 ifname guest; > guest
ifconfig tap7 create descr 'a b' name guest0 => \
        create tap7 bsdtap; tap7 ifalias 'a b'; tap7 ifname guest0; > guest0
ifconfig bridge create addm tap0 addm tap1 up => \
        create bridge1 bridge; tap0 master bridge1; tap1 master bridge1; bridge1 up; > bridge1
ifconfig tap0 create => ! tap0: File exists
ifconfig bsdtap7 create => \
        ! bsdtap7: units are called tapN here, see the module's parameter bsd_names
ifconfig tap07 create => ! tap07: no kind of unit is called so
ifconfig tap123456 create => ! tap123456: no kind of unit is called so
ifconfig gif0 create => ! gif0: no kind of unit is called so
ifconfig epair create => ! epair: no kind of unit is called so
ifconfig lo1 create => ! lo1: no kind of unit is called so
ifconfig tap7 create media auto => ! media: not supported: an interface has no media here
ifconfig tap7 create mtu => ! mtu: its argument is missing
ifconfig tap7 create bogus => ! bogus: bad value
ifconfig tap0 destroy => destroy tap0
ifconfig tap0 unplumb => destroy tap0
ifconfig tap0 destroy now => ! now: bad value
ifconfig tap9 destroy => ! interface tap9 does not exist

# IPv4 addresses of a tun.
ifconfig tun1 10.8.1.1 10.8.1.2 => new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 up
ifconfig tun1 10.8.1.1 10.8.1.2 up => new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 up
ifconfig tun1 inet 10.8.1.1 10.8.1.2 netmask 255.255.255.255 => \
        new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 up
ifconfig tun1 10.8.1.1 10.8.1.2 netmask 255.255.255.0 => new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 up
ifconfig tun1 10.8.1.1 10.8.1.2 netmask 0xffffffff mtu 1450 up => \
        tun1 mtu 1450; new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 up
ifconfig tun1 10.8.1.1 10.8.1.2 mtu 1500 netmask 255.255.255.255 up -link0 => \
        tun1 mtu 1500; new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 up
ifconfig tun1 10.8.1.1/24 => new tun1 10.8.1.1/24; tun1 up
ifconfig tun1 10.8.1.1 => new tun1 10.8.1.1/32; tun1 up
ifconfig tun1 10.8.1.1 netmask 255.255.0.0 => new tun1 10.8.1.1/16; tun1 up
ifconfig tun1 10.8.1.1 prefixlen 16 => new tun1 10.8.1.1/16; tun1 up
ifconfig tun1 10.8.1.1 10.8.1.2 down => new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 -up
ifconfig tun1 10.8.1.1 10.8.1.2 alias => new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 up
ifconfig tun1 alias 10.8.1.1 10.8.1.2 => new tun1 10.8.1.1/32 peer 10.8.1.2; tun1 up
ifconfig tun0 10.8.0.1 10.8.0.2 => tun0 up
ifconfig tun0 10.8.0.1 10.8.0.2 netmask 255.255.255.255 up => tun0 up
ifconfig tun0 10.8.0.1 10.8.0.2 alias => tun0 up
ifconfig tun0 10.8.0.1 10.8.0.3 => \
        del tun0 10.8.0.1/32 peer 10.8.0.2; new tun0 10.8.0.1/32 peer 10.8.0.3; tun0 up
ifconfig tun0 10.8.0.1 10.8.0.3 alias => \
        del tun0 10.8.0.1/32 peer 10.8.0.2; new tun0 10.8.0.1/32 peer 10.8.0.3; tun0 up
ifconfig tun0 10.8.0.5 10.8.0.6 => \
        del tun0 10.8.0.1/32 peer 10.8.0.2; new tun0 10.8.0.5/32 peer 10.8.0.6; tun0 up
ifconfig tun0 10.8.0.5 10.8.0.6 alias => new tun0 10.8.0.5/32 peer 10.8.0.6; tun0 up
ifconfig tun0 10.8.0.1/24 => del tun0 10.8.0.1/32 peer 10.8.0.2; new tun0 10.8.0.1/24; tun0 up
ifconfig tun0 10.8.0.1 -alias => del tun0 10.8.0.1/32 peer 10.8.0.2
ifconfig tun0 -alias 10.8.0.1 => del tun0 10.8.0.1/32 peer 10.8.0.2
ifconfig tun0 inet 10.8.0.1 delete => del tun0 10.8.0.1/32 peer 10.8.0.2
ifconfig tun0 10.8.0.1 remove => del tun0 10.8.0.1/32 peer 10.8.0.2
ifconfig tun0 10.8.0.1 10.8.0.2 delete => del tun0 10.8.0.1/32 peer 10.8.0.2
ifconfig tun0 10.8.0.1 10.8.0.9 delete => ! 10.8.0.1: Cannot assign requested address
ifconfig tun0 10.8.0.9 delete => ! 10.8.0.9: Cannot assign requested address
ifconfig tun0 delete => del tun0 10.8.0.1/32 peer 10.8.0.2
ifconfig tun0 down delete => tun0 -up; del tun0 10.8.0.1/32 peer 10.8.0.2
ifconfig tun0 delete down => tun0 -up; del tun0 10.8.0.1/32 peer 10.8.0.2
ifconfig tun1 down delete => ! tun1: Cannot assign requested address AFTER tun1 -up
ifconfig tun1 delete => ! tun1: Cannot assign requested address

# IPv4 addresses of a tap.
ifconfig tap1 inet 10.4 => new tap1 10.0.0.4/8 brd 10.255.255.255; tap1 up
ifconfig tap1 10.4/16 => new tap1 10.0.0.4/16 brd 10.0.255.255; tap1 up
ifconfig tap1 10.9.2.1 netmask 255.255.255.0 => new tap1 10.9.2.1/24 brd 10.9.2.255; tap1 up
ifconfig tap1 10.9.2.1 netmask 0xffffff00 => new tap1 10.9.2.1/24 brd 10.9.2.255; tap1 up
ifconfig tap1 10.9.2.1 netmask 0xFFFFFF00 broadcast 10.9.2.127 => \
        new tap1 10.9.2.1/24 brd 10.9.2.127; tap1 up
ifconfig tap1 inet 10.9.2.1/24 broadcast 10.9.2.255 => new tap1 10.9.2.1/24 brd 10.9.2.255; tap1 up
ifconfig tap1 10.9.2.1 10.9.2.255 => new tap1 10.9.2.1/8 brd 10.9.2.255; tap1 up
ifconfig tap1 10.9.2.1 10.9.2.255 netmask 255.255.255.0 => \
        new tap1 10.9.2.1/24 brd 10.9.2.255; tap1 up
ifconfig tap1 10.9.2.1 => new tap1 10.9.2.1/8 brd 10.255.255.255; tap1 up
ifconfig tap1 172.16.0.1 => new tap1 172.16.0.1/16 brd 172.16.255.255; tap1 up
ifconfig tap1 192.168.7.1 => new tap1 192.168.7.1/24 brd 192.168.7.255; tap1 up
ifconfig tap1 0x0a090201 => new tap1 10.9.2.1/8 brd 10.255.255.255; tap1 up
ifconfig tap1 10.9.2.1/32 => new tap1 10.9.2.1/32; tap1 up
ifconfig tap1 10.9.2.1/31 => new tap1 10.9.2.1/31; tap1 up
ifconfig tap1 10.9.2.1/30 => new tap1 10.9.2.1/30 brd 10.9.2.3; tap1 up
ifconfig tap1 10.9.2.1/24 link0 => write keep 1; new tap1 10.9.2.1/24 brd 10.9.2.255; tap1 up
ifconfig tap1 10.9.2.1/24 down => new tap1 10.9.2.1/24 brd 10.9.2.255; tap1 -up
ifconfig tap1 10.9.2.1/24 add => new tap1 10.9.2.1/24 brd 10.9.2.255; tap1 up
ifconfig tap0 10.9.0.1/24 => tap0 up
ifconfig tap0 10.9.0.1 netmask 255.255.255.0 => tap0 up
ifconfig tap0 inet 10.9.0.1/24 alias => tap0 up
ifconfig tap0 10.9.0.7/24 alias => tap0 up
ifconfig tap0 10.9.0.1/16 => \
        del tap0 10.9.0.1/24 brd 10.9.0.255; new tap0 10.9.0.7/24 brd 10.9.0.255; new tap0 \
        10.9.0.1/16 brd 10.9.255.255; tap0 up
ifconfig tap0 10.9.0.1/24 broadcast 10.9.0.0 => \
        del tap0 10.9.0.1/24 brd 10.9.0.255; new tap0 10.9.0.7/24 brd 10.9.0.255; new tap0 \
        10.9.0.1/24 brd 10.9.0.0; tap0 up
ifconfig tap0 10.9.0.7/24 => \
        del tap0 10.9.0.1/24 brd 10.9.0.255; new tap0 10.9.0.7/24 brd 10.9.0.255; tap0 up
ifconfig tap0 10.9.0.9/24 => \
        del tap0 10.9.0.1/24 brd 10.9.0.255; new tap0 10.9.0.7/24 brd 10.9.0.255; new tap0 \
        10.9.0.9/24 brd 10.9.0.255; tap0 up
ifconfig tap0 10.9.0.9/24 alias => new tap0 10.9.0.9/24 brd 10.9.0.255; tap0 up
ifconfig tap0 10.9.5.1/24 alias => new tap0 10.9.5.1/24 brd 10.9.5.255; tap0 up
ifconfig tap0 10.9.0.7/32 alias => \
        del tap0 10.9.0.7/24 brd 10.9.0.255; new tap0 10.9.0.7/32; tap0 up
ifconfig tap0 10.9.0.1 -alias => \
        del tap0 10.9.0.1/24 brd 10.9.0.255; new tap0 10.9.0.7/24 brd 10.9.0.255
ifconfig tap0 10.9.0.7 -alias => del tap0 10.9.0.7/24 brd 10.9.0.255
ifconfig tap0 10.9.0.7/24 -alias => del tap0 10.9.0.7/24 brd 10.9.0.255
ifconfig tap0 10.9.0.7 netmask 255.255.255.0 delete => del tap0 10.9.0.7/24 brd 10.9.0.255
ifconfig tap0 delete => del tap0 10.9.0.1/24 brd 10.9.0.255; new tap0 10.9.0.7/24 brd 10.9.0.255
ifconfig tap0 10.9.0.99 -alias => ! 10.9.0.99: Cannot assign requested address
ifconfig vmnet0 10.4/8 => new vmnet0 10.0.0.4/8 brd 10.255.255.255; vmnet0 up
ifconfig bridge0 10.9.4.1/24 => new bridge0 10.9.4.1/24 brd 10.9.4.255; bridge0 up
ifconfig lo 127.0.0.2/8 alias => new lo 127.0.0.2/8; lo up

# IPv6 addresses.
ifconfig tap1 inet6 2001:db8:2::1 => new tap1 2001:db8:2::1/64; tap1 up
ifconfig tap1 inet6 2001:db8:2::1/48 => new tap1 2001:db8:2::1/48; tap1 up
ifconfig tap1 inet6 2001:db8:2::1 prefixlen 48 => new tap1 2001:db8:2::1/48; tap1 up
ifconfig tap1 inet6 2001:db8:2::1 prefixlen 48 alias => new tap1 2001:db8:2::1/48; tap1 up
ifconfig tap1 inet6 alias 2001:db8:2::1/48 => new tap1 2001:db8:2::1/48; tap1 up
ifconfig tap1 2001:db8:2::1/48 => new tap1 2001:db8:2::1/48; tap1 up
ifconfig tap1 inet6 fe80::2%tap1 prefixlen 10 => new tap1 fe80::2/10; tap1 up
ifconfig tap1 inet6 fe80::2%tap1/64 => new tap1 fe80::2/64; tap1 up
ifconfig tap1 inet6 fe80::2%tap0/64 => ! fe80::2%tap0/64: bad value
ifconfig tap1 inet6 2001:DB8:2:0::1/64 => new tap1 2001:db8:2::1/64; tap1 up
ifconfig tap1 inet6 ::ffff:10.0.0.1/128 => new tap1 ::ffff:10.0.0.1/128; tap1 up
ifconfig tap0 inet6 2001:db8::1 => tap0 up
ifconfig tap0 inet6 2001:db8::1/64 alias => tap0 up
ifconfig tap0 inet6 2001:db8::1/48 => del tap0 2001:db8::1/64; new tap0 2001:db8::1/48; tap0 up
ifconfig tap0 inet6 2001:db8::1 -alias => del tap0 2001:db8::1/64
ifconfig tap0 inet6 2001:db8:1::1 -alias => del tap0 2001:db8:1::1/48 valid 600 preferred 0
ifconfig tap0 inet6 2001:db8:1::1/48 delete => del tap0 2001:db8:1::1/48 valid 600 preferred 0
ifconfig tap0 inet6 2001:db8:1::1 prefixlen 48 remove => \
        del tap0 2001:db8:1::1/48 valid 600 preferred 0
ifconfig tap0 inet6 2001:db8::99 -alias => ! 2001:db8::99: Cannot assign requested address
ifconfig tap0 inet6 fe80::1%tap0 -alias => del tap0 fe80::1/64
ifconfig tap0 inet6 delete => ! delete: an address is missing
ifconfig tun0 inet6 fd00:8::1 fd00:8::2 prefixlen 128 => tun0 up
ifconfig tun0 inet6 fd00:8::1 fd00:8::2 => tun0 up
ifconfig tun0 inet6 fd00:8::1 fd00:8::3 => \
        del tun0 fd00:8::1/128 peer fd00:8::2; new tun0 fd00:8::1/128 peer fd00:8::3; tun0 up
ifconfig tun0 inet6 fd00:8::1 fd00:8::2 delete => del tun0 fd00:8::1/128 peer fd00:8::2
ifconfig tun0 inet6 fd00:8::1 -alias => del tun0 fd00:8::1/128 peer fd00:8::2
ifconfig tun0 inet6 fd00:8::1 fd00:8::9 -alias => ! fd00:8::1: Cannot assign requested address
ifconfig tun0 inet6 fd00:8::1/64 => \
        del tun0 fd00:8::1/128 peer fd00:8::2; new tun0 fd00:8::1/64; tun0 up
ifconfig tun1 inet6 fd00:8:1::1 fd00:8:1::2 => new tun1 fd00:8:1::1/128 peer fd00:8:1::2; tun1 up
ifconfig tun1 inet6 fd00:8:1::1/64 fd00:8:1::2 => new tun1 fd00:8:1::1/64 peer fd00:8:1::2; tun1 up
ifconfig tun1 inet6 fd00:8:1::1/64 up => new tun1 fd00:8:1::1/64; tun1 up
ifconfig tun1 inet6 fd00:8:1::1/64 mtu 1440 up => tun1 mtu 1440; new tun1 fd00:8:1::1/64; tun1 up
ifconfig tap1 inet6 2001:db8:2::1/64 pltime 300 vltime 600 => \
        new tap1 2001:db8:2::1/64 valid 600 preferred 300; tap1 up
ifconfig tap1 inet6 2001:db8:2::1/64 vltime 600 => \
        new tap1 2001:db8:2::1/64 valid 600 preferred 600; tap1 up
ifconfig tap1 inet6 2001:db8:2::1/64 deprecated => \
        new tap1 2001:db8:2::1/64 valid infty preferred 0; tap1 up
ifconfig tap1 inet6 2001:db8:2::1/64 pltime infty vltime infty => new tap1 2001:db8:2::1/64; tap1 up
ifconfig tap0 inet6 accept_rtadv => write accept_ra 2
ifconfig tap0 inet6 -accept_rtadv => write accept_ra 0
ifconfig tap0 inet6 ifdisabled => write disable_ipv6 1
ifconfig tap0 inet6 -ifdisabled auto_linklocal => write disable_ipv6 0; write addr_gen_mode 0
ifconfig tap0 inet6 -auto_linklocal => write addr_gen_mode 1
ifconfig tap0 inet6 no_dad => write accept_dad 0

# The interface.
ifconfig tap0 up => tap0 up
ifconfig tap0 down => tap0 -up
ifconfig tap0 mtu 9000 => tap0 mtu 9000
ifconfig tap0 mtu 1400 up => tap0 mtu 1400; tap0 up
ifconfig tap0 ether 02:00:5e:00:53:99 => tap0 address 02:00:5e:00:53:99
ifconfig tap0 lladdr 2:0:5e:0:53:9 => tap0 address 02:00:5e:00:53:09
ifconfig tap0 link 02-00-5e-00-53-99 => tap0 address 02:00:5e:00:53:99
ifconfig tap0 ether 02:00:5e:00:53:99 -link0 down => \
        write keep 0; tap0 address 02:00:5e:00:53:99; tap0 -up
ifconfig tap0 -arp => tap0 noarp
ifconfig tap0 arp => tap0 -noarp
ifconfig tap0 promisc => tap0 promisc
ifconfig tap0 -promisc => tap0 -promisc
ifconfig tap0 debug => tap0 debug
ifconfig tap0 -debug -arp promisc up => tap0 -debug noarp promisc; tap0 up
ifconfig tap0 name guest0 => tap0 ifname guest0; > guest0
ifconfig tap0 name tap0 => 
ifconfig tap0 name guest-1.x => tap0 ifname guest-1.x; > guest-1.x
ifconfig tap0 name guest0 mtu 1300 up => tap0 mtu 1300; tap0 up; tap0 ifname guest0; > guest0
ifconfig tap0 description uplink => tap0 ifalias 'uplink'
ifconfig tap0 descr 'to the lab' => tap0 ifalias 'to the lab'
ifconfig tap0 -description => tap0 ifalias ''
ifconfig tap0 -descr => tap0 ifalias ''
ifconfig tap0 link0 => write keep 1
ifconfig tap0 -link0 => write keep 0
ifconfig tun0 -link0 => 
ifconfig vmnet0 -link0 => 
ifconfig tun0 -link1 -link2 => 
ifconfig tap0 metric 0 => 
ifconfig tap0 fib 0 => 
ifconfig tap0 metric 0 up => tap0 up
ifconfig bridge0 addm tap0 => tap0 master bridge0
ifconfig bridge0 addm tap0 addm tap1 up => tap0 master bridge0; tap1 master bridge0; bridge0 up
ifconfig bridge0 deletem tap2 => tap2 master nomaster
ifconfig bridge0 deletem tap2 addm tap1 => tap2 master nomaster; tap1 master bridge0
ifconfig bridge0 add tap1 => tap1 master bridge0
ifconfig bridge0 del tap2 => tap2 master nomaster
ifconfig bridge0 addm tap1 10.9.4.1/24 => \
        tap1 master bridge0; new bridge0 10.9.4.1/24 brd 10.9.4.255; bridge0 up

# Refused as a whole.
ifconfig tap0 bogus => ! bogus: bad value
ifconfig tap0 up bogus => ! bogus: bad value
ifconfig tap0 inet => \
        > tap0: flags=9843<UP,BROADCAST,RUNNING,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400; > \
        description: to the lab; > inet 10.9.0.1 netmask 0xffffff00 broadcast 10.9.0.255; > inet \
        10.9.0.7 netmask 0xffffff00 broadcast 10.9.0.255
ifconfig tap0 up mtu => ! mtu: its argument is missing
ifconfig tap0 up mtu 0 => ! 0: bad value
ifconfig tap0 up mtu 70000 => ! 70000: bad value
ifconfig tap0 up mtu 15x => ! 15x: bad value
ifconfig tap0 up 1 2 3 => ! 3: bad value
ifconfig tap0 up 10.0.0.1/33 => ! 33: bad value
ifconfig tap0 up 10.0.0.1/x => ! 10.0.0.1/x: bad value
ifconfig tap0 up 10.0.0.256 => ! 10.0.0.256: bad value
ifconfig tap0 up 10.0.0.0.1 => ! 10.0.0.0.1: bad value
ifconfig tap0 up 10.0.0.1 netmask 255.0.255.0 => ! 255.0.255.0: bad netmask
ifconfig tap0 up 10.0.0.1 netmask 0x1ffffffff => ! 0x1ffffffff: bad netmask
ifconfig tap0 up 10.0.0.1 netmask => ! netmask: its argument is missing
ifconfig tap0 up 10.0.0.1 prefixlen 33 => ! 33: bad value
ifconfig tap0 up 10.0.0.1 broadcast x => ! x: bad address
ifconfig tap0 up inet6 10.0.0.1 => ! 10.0.0.1: bad value
ifconfig tap0 up inet 2001:db8::1 => ! 2001:db8::1: bad value
ifconfig tap0 up inet6 2001:db8::1/129 => ! 129: bad value
ifconfig tap0 up inet6 2001:db8:::1 => ! 2001:db8:::1: bad value
ifconfig tap0 up inet6 2001:db8::1 vltime x => ! x: bad value
ifconfig tap0 up netmask 255.255.255.0 => ! netmask: an address is missing
ifconfig tap0 up broadcast 10.9.0.255 => ! broadcast: an address is missing
ifconfig tap0 up alias => ! alias: an address is missing
ifconfig tap0 inet6 deprecated => ! deprecated: an address is missing
ifconfig tap0 up ether 02:00:5e:00:53 => ! 02:00:5e:00:53: bad address
ifconfig tap0 up ether 02:00:5e:00:53:100 => ! 02:00:5e:00:53:100: bad address
ifconfig tap0 up lladdr => ! lladdr: its argument is missing
ifconfig tap0 up name a/b => ! a/b: bad name
ifconfig tap0 up name 0123456789abcdef => ! 0123456789abcdef: bad name
ifconfig tap0 up name => ! name: its argument is missing
ifconfig tap0 up description => ! description: its argument is missing
ifconfig tap0 metric 1 => ! metric: not supported
ifconfig tap0 fib 2 => ! fib: not supported
ifconfig tap0 media autoselect => ! media: not supported: an interface has no media here
ifconfig tap0 up txcsum => ! txcsum: not supported: use ethtool -K
ifconfig tap0 up -tso => ! -tso: not supported: use ethtool -K
ifconfig tap0 vlan 7 vlandev em0 => ! vlan: not supported: use ip link
ifconfig tap0 group vpn => ! group: not supported: use ip link
ifconfig tap0 vnet jail0 => ! vnet: not supported: use ip link set netns
ifconfig tap0 link1 => ! link1: not supported
ifconfig tap0 inet6 2001:db8::1 eui64 => ! eui64: not supported
ifconfig bridge0 stp tap2 => ! stp: not supported: use bridge link or ip link
ifconfig tun0 link0 => ! link0: tun0 is no tap
ifconfig vmnet0 link0 => ! link0: vmnet0 is no tap
ifconfig bridge0 addm tap9 => ! interface tap9 does not exist
ifconfig bridge0 addm tap2 => ! tap2: Device or resource busy
ifconfig bridge0 deletem tap1 => ! tap1 is no member of bridge0
ifconfig bridge0 addm => ! addm: its argument is missing
ifconfig tap0 addm tap1 => ! tap0 is no bridge
ifconfig tap9 up => ! interface tap9 does not exist
ifconfig tap9 => ! interface tap9 does not exist
ifconfig a-name-that-is-long up => ! interface a-name-that-is-long does not exist
ifconfig tap0 inet inet6 => ! inet6: bad value

# Showing.
ifconfig tun0 => \
        > tun0: flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> metric 0 mtu 1500; > inet \
        10.8.0.1 --> 10.8.0.2 netmask 0xffffffff; > inet6 fd00:8::1 --> fd00:8::2 prefixlen 128; \
        > Opened by PID 4711
ifconfig tap0 => \
        > tap0: flags=9843<UP,BROADCAST,RUNNING,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400; > \
        description: to the lab; > ether 02:00:5e:00:53:03; > inet 10.9.0.1 netmask 0xffffff00 \
        broadcast 10.9.0.255; > inet 10.9.0.7 netmask 0xffffff00 broadcast 10.9.0.255; > inet6 \
        2001:db8::1 prefixlen 64; > inet6 2001:db8:1::1 prefixlen 48 deprecated; > inet6 \
        fe80::1%tap0 prefixlen 64 scopeid 0x3; > status: active
ifconfig tap1 => \
        > tap1: flags=8802<BROADCAST,SIMPLEX,MULTICAST> metric 0 mtu 1500; > ether \
        02:00:5e:00:53:04; > status: no carrier
ifconfig tap0 inet => \
        > tap0: flags=9843<UP,BROADCAST,RUNNING,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400; > \
        description: to the lab; > inet 10.9.0.1 netmask 0xffffff00 broadcast 10.9.0.255; > inet \
        10.9.0.7 netmask 0xffffff00 broadcast 10.9.0.255
ifconfig tap0 inet6 => \
        > tap0: flags=9843<UP,BROADCAST,RUNNING,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400; > \
        description: to the lab; > inet6 2001:db8::1 prefixlen 64; > inet6 2001:db8:1::1 \
        prefixlen 48 deprecated; > inet6 fe80::1%tap0 prefixlen 64 scopeid 0x3
ifconfig tap0 ether => \
        > tap0: flags=9843<UP,BROADCAST,RUNNING,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400; > \
        description: to the lab; > ether 02:00:5e:00:53:03
ifconfig tun0 inet => \
        > tun0: flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> metric 0 mtu 1500; > inet \
        10.8.0.1 --> 10.8.0.2 netmask 0xffffffff
ifconfig -L tap0 inet6 => \
        > tap0: flags=9843<UP,BROADCAST,RUNNING,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400; > \
        description: to the lab; > inet6 2001:db8::1 prefixlen 64 pltime infty vltime infty; > \
        inet6 2001:db8:1::1 prefixlen 48 deprecated pltime 0 vltime 600; > inet6 fe80::1%tap0 \
        prefixlen 64 scopeid 0x3 pltime infty vltime infty
ifconfig -v tun1 => > tun1: flags=8090<POINTOPOINT,NOARP,MULTICAST> metric 0 mtu 1500
ifconfig lo => \
        > lo: flags=49<UP,LOOPBACK,RUNNING> metric 0 mtu 65536; > inet 127.0.0.1 netmask \
        0xff000000
ifconfig bridge0 => \
        > bridge0: flags=8802<BROADCAST,SIMPLEX,MULTICAST> metric 0 mtu 1500; > ether \
        02:00:5e:00:53:07; > member: tap2 flags=3<LEARNING,DISCOVER>; > status: no carrier
ifconfig -l => > lo tun0 tap0 tap1 tap2 vmnet0 bridge0 tun1
ifconfig -lu => > lo tun0 tap0
ifconfig -l -u => > lo tun0 tap0
ifconfig -ld => > tap1 tap2 vmnet0 bridge0 tun1
ifconfig -l inet => > lo tun0 tap0
ifconfig -l inet6 => > tun0 tap0
ifconfig -l ether => > tap0 tap1 tap2 vmnet0 bridge0
ifconfig -u inet => \
        > lo: flags=49<UP,LOOPBACK,RUNNING> metric 0 mtu 65536; > inet 127.0.0.1 netmask \
        0xff000000; > tun0: flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> metric 0 mtu \
        1500; > inet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff; > tap0: \
        flags=9843<UP,BROADCAST,RUNNING,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400; > \
        description: to the lab; > inet 10.9.0.1 netmask 0xffffff00 broadcast 10.9.0.255; > inet \
        10.9.0.7 netmask 0xffffff00 broadcast 10.9.0.255
ifconfig -au inet6 => \
        > lo: flags=49<UP,LOOPBACK,RUNNING> metric 0 mtu 65536; > tun0: \
        flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> metric 0 mtu 1500; > inet6 fd00:8::1 \
        --> fd00:8::2 prefixlen 128; > tap0: \
        flags=9843<UP,BROADCAST,RUNNING,SIMPLEX,LINK0,MULTICAST> metric 0 mtu 1400; > \
        description: to the lab; > inet6 2001:db8::1 prefixlen 64; > inet6 2001:db8:1::1 \
        prefixlen 48 deprecated; > inet6 fe80::1%tap0 prefixlen 64 scopeid 0x3
ifconfig -d link => \
        > tap1: flags=8802<BROADCAST,SIMPLEX,MULTICAST> metric 0 mtu 1500; > ether \
        02:00:5e:00:53:04; > tap2: flags=8802<BROADCAST,SIMPLEX,MULTICAST> metric 0 mtu 1500; > \
        ether 02:00:5e:00:53:05; > vmnet0: flags=8802<BROADCAST,SIMPLEX,MULTICAST> metric 0 mtu \
        1500; > ether 02:00:5e:00:53:06; > bridge0: flags=8802<BROADCAST,SIMPLEX,MULTICAST> \
        metric 0 mtu 1500; > ether 02:00:5e:00:53:07; > tun1: \
        flags=8090<POINTOPOINT,NOARP,MULTICAST> metric 0 mtu 1500
ifconfig -a bogus => ! bogus: bad value
ifconfig -l inet bogus => ! bogus: bad value
ifconfig -x => ! -x: unknown option
ifconfig -C => ! -C: not supported
ifconfig -g tap => ! -g: not supported
ifconfig -f inet:cidr tap0 => ! -f: not supported
"""

ROUTE = r"""
# Adding routes.
route add default 10.9.0.254 => new 0.0.0.0/0 via 10.9.0.254; > add net default: gateway 10.9.0.254
route add -net default 10.9.0.254 => \
        new 0.0.0.0/0 via 10.9.0.254; > add net default: gateway 10.9.0.254
route add 0.0.0.0 10.9.0.254 => new 0.0.0.0/0 via 10.9.0.254; > add net 0.0.0.0: gateway 10.9.0.254
route add -net 0.0.0.0 10.9.0.254 0.0.0.0 => \
        new 0.0.0.0/0 via 10.9.0.254; > add net 0.0.0.0: gateway 10.9.0.254
route add -inet6 default fe80::254%tap0 => \
        new ::/0 via fe80::254 dev tap0; > add net default: gateway fe80::254%tap0
route add default fe80::254%tap0 => \
        new ::/0 via fe80::254 dev tap0; > add net default: gateway fe80::254%tap0
route -6 add default fe80::254%tap0 => \
        new ::/0 via fe80::254 dev tap0; > add net default: gateway fe80::254%tap0
route add 10.50.0.0/16 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50/16 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50/16: gateway 10.9.0.254
route add 10/8 10.9.0.254 => new 10.0.0.0/8 via 10.9.0.254; > add net 10/8: gateway 10.9.0.254
route add 10.50.7.9/16 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.7.9/16: gateway 10.9.0.254
route add -net 10.50.0.0 10.9.0.254 255.255.0.0 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0: gateway 10.9.0.254
route add -net 10.50.0.0 10.9.0.254 -netmask 255.255.0.0 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0: gateway 10.9.0.254
route add -net 10.50.0.0 -netmask 0xffff0000 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0: gateway 10.9.0.254
route add -net 10.50.0.0 -prefixlen 16 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0: gateway 10.9.0.254
route add -net 10.50 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50: gateway 10.9.0.254
route add -net 10.50.0.0 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0: gateway 10.9.0.254
route add -net 10.50.1.0 10.9.0.254 => \
        new 10.50.1.0/24 via 10.9.0.254; > add net 10.50.1.0: gateway 10.9.0.254
route add -net 10.0.0.0 10.9.0.254 => \
        new 10.0.0.0/8 via 10.9.0.254; > add net 10.0.0.0: gateway 10.9.0.254
route add -net 192.168.0.0 10.9.0.254 => \
        new 192.168.0.0/16 via 10.9.0.254; > add net 192.168.0.0: gateway 10.9.0.254
route add 10.0.0.0 10.9.0.254 => \
        new 10.0.0.0/8 via 10.9.0.254; > add net 10.0.0.0: gateway 10.9.0.254
route add 192.168.7.0 10.9.0.254 => \
        new 192.168.7.0/24 via 10.9.0.254; > add net 192.168.7.0: gateway 10.9.0.254
route add 10.50.0.0 10.9.0.254 => \
        new 10.50.0.0/32 via 10.9.0.254; > add host 10.50.0.0: gateway 10.9.0.254
route add 10.50 10.9.0.254 => new 10.0.0.50/32 via 10.9.0.254; > add host 10.50: gateway 10.9.0.254
route add -host 10.50.0.1 10.9.0.254 => \
        new 10.50.0.1/32 via 10.9.0.254; > add host 10.50.0.1: gateway 10.9.0.254
route add -host 10.50.0.0 10.9.0.254 => \
        new 10.50.0.0/32 via 10.9.0.254; > add host 10.50.0.0: gateway 10.9.0.254
route add 10.50.0.1 10.9.0.254 => \
        new 10.50.0.1/32 via 10.9.0.254; > add host 10.50.0.1: gateway 10.9.0.254
route add 10.50.0.1/32 10.9.0.254 => \
        new 10.50.0.1/32 via 10.9.0.254; > add host 10.50.0.1/32: gateway 10.9.0.254
route -n add 10.50.0.0/16 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0/16: gateway 10.9.0.254
route -nq add 10.50.0.0/16 10.9.0.254 => new 10.50.0.0/16 via 10.9.0.254
route -q add 10.50.0.0/16 10.9.0.254 => new 10.50.0.0/16 via 10.9.0.254
route -4 add 10.50.0.0/16 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0/16: gateway 10.9.0.254
route add -inet 10.50.0.0/16 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 -gateway 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0/16: gateway 10.9.0.254
route add -dst 10.50.0.0/16 -gateway 10.9.0.254 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 10.8.0.1 => \
        new 10.50.0.0/16 dev tun0 link; > add net 10.50.0.0/16: gateway 10.8.0.1
route add 10.50.0.0/16 127.0.0.1 => \
        new 10.50.0.0/16 dev lo link; > add net 10.50.0.0/16: gateway 127.0.0.1
route add 10.50.0.0/16 -interface tun0 => \
        new 10.50.0.0/16 dev tun0 link; > add net 10.50.0.0/16: gateway tun0
route add 10.50.0.0/16 -iface tun0 => \
        new 10.50.0.0/16 dev tun0 link; > add net 10.50.0.0/16: gateway tun0
route add -net 10.50.0.0 -netmask 0xffff0000 -interface tun0 => \
        new 10.50.0.0/16 dev tun0 link; > add net 10.50.0.0: gateway tun0
route add 10.50.0.0/16 -interface 10.8.0.1 => \
        new 10.50.0.0/16 dev tun0 link; > add net 10.50.0.0/16: gateway 10.8.0.1
route add 10.50.0.0/16 tun0 => new 10.50.0.0/16 dev tun0 link; > add net 10.50.0.0/16: gateway tun0
route add 10.50.0.0/16 10.9.0.254 -ifp tap0 => \
        new 10.50.0.0/16 via 10.9.0.254 dev tap0; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 10.9.0.254 -ifa 10.9.0.7 => \
        new 10.50.0.0/16 via 10.9.0.254 src 10.9.0.7; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 -interface tun0 255.255.255.0 => \
        new 10.50.0.0/24 dev tun0 link; > add net 10.50.0.0/16: gateway tun0
route add -interface 10.50.0.1 tun0 10.8.0.2 => \
        new 10.50.0.1/32 via 10.8.0.2 dev tun0; > add host 10.50.0.1: gateway 10.8.0.2
route add 10.50.0.0/16 10.9.0.254 -mtu 1300 => \
        new 10.50.0.0/16 via 10.9.0.254 mtu 1300; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 10.9.0.254 -static => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 10.9.0.254 -nostatic => \
        new 10.50.0.0/16 via 10.9.0.254 boot; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 10.9.0.254 -fib 0 => \
        new 10.50.0.0/16 via 10.9.0.254; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 127.0.0.1 -reject => \
        new 10.50.0.0/16 unreachable; > add net 10.50.0.0/16: gateway 127.0.0.1
route add -net 10.50.0.0/16 127.0.0.1 -blackhole => \
        new 10.50.0.0/16 blackhole; > add net 10.50.0.0/16: gateway 127.0.0.1
route add -blackhole 10.50.0.0/16 => new 10.50.0.0/16 blackhole; > add net 10.50.0.0/16
route add -reject -net 10.50.0.0/16 10.9.0.254 => \
        new 10.50.0.0/16 unreachable; > add net 10.50.0.0/16: gateway 10.9.0.254
route add 10.50.0.0/16 -inet6 fe80::7%tap0 => \
        new 10.50.0.0/16 via fe80::7 dev tap0; > add net 10.50.0.0/16: gateway fe80::7%tap0
route add -inet 10.50.0.0/16 fe80::7%tap0 => \
        new 10.50.0.0/16 via fe80::7 dev tap0; > add net 10.50.0.0/16: gateway fe80::7%tap0
route add -inet6 2001:db8:5::/48 fe80::254%tap0 => \
        new 2001:db8:5::/48 via fe80::254 dev tap0; > add net 2001:db8:5::/48: gateway \
        fe80::254%tap0
route add -inet6 2001:db8:5:: fe80::254%tap0 -prefixlen 48 => \
        new 2001:db8:5::/48 via fe80::254 dev tap0; > add net 2001:db8:5::: gateway \
        fe80::254%tap0
route add -inet6 2001:db8:5:: -prefixlen 48 2001:db8::254 => \
        new 2001:db8:5::/48 via 2001:db8::254; > add net 2001:db8:5::: gateway 2001:db8::254
route -6 add 2001:db8:5::/48 2001:db8::254 => \
        new 2001:db8:5::/48 via 2001:db8::254; > add net 2001:db8:5::/48: gateway 2001:db8::254
route add -6 2001:db8:5::/48 2001:db8::254 => \
        new 2001:db8:5::/48 via 2001:db8::254; > add net 2001:db8:5::/48: gateway 2001:db8::254
route add 2001:db8:5::/48 2001:db8::254 => \
        new 2001:db8:5::/48 via 2001:db8::254; > add net 2001:db8:5::/48: gateway 2001:db8::254
route add -inet6 2001:db8:5::/48 -interface tun0 => \
        new 2001:db8:5::/48 dev tun0; > add net 2001:db8:5::/48: gateway tun0
route add -inet6 2001:db8:5::/48 -iface tun0 => \
        new 2001:db8:5::/48 dev tun0; > add net 2001:db8:5::/48: gateway tun0
route add -inet6 2001:db8:5::/48 fd00:8::1 => \
        new 2001:db8:5::/48 dev tun0; > add net 2001:db8:5::/48: gateway fd00:8::1
route add -inet6 2001:db8:5::1 2001:db8::254 => \
        new 2001:db8:5::1/128 via 2001:db8::254; > add host 2001:db8:5::1: gateway 2001:db8::254
route add -inet6 2001:db8:5:: 2001:db8::254 => \
        new 2001:db8:5::/64 via 2001:db8::254; > add net 2001:db8:5::: gateway 2001:db8::254
route add -inet6 -host 2001:db8:5:: 2001:db8::254 => \
        new 2001:db8:5::/128 via 2001:db8::254; > add host 2001:db8:5::: gateway 2001:db8::254
route add -inet6 :: 2001:db8::254 => new ::/0 via 2001:db8::254; > add net ::: gateway 2001:db8::254
route add -inet6 2001:db8:5::1/128 -interface tun0 fd00:8::2 => \
        new 2001:db8:5::1/128 via fd00:8::2 dev tun0; > add host 2001:db8:5::1/128: gateway \
        fd00:8::2
route add -inet6 2001:db8:5::1/128 -interface tun0 fd00:8::1 => \
        new 2001:db8:5::1/128 dev tun0; > add host 2001:db8:5::1/128: gateway fd00:8::1
route add -inet6 2001:db8:5:: 2001:db8::254 ffff:ffff:ffff:: => \
        new 2001:db8:5::/48 via 2001:db8::254; > add net 2001:db8:5::: gateway 2001:db8::254
route add -inet6 2001:db8:5::/48 ::1 -reject => \
        new 2001:db8:5::/48 unreachable; > add net 2001:db8:5::/48: gateway ::1

# Deleting and changing routes.
route delete default => del 0.0.0.0/0; > delete net default
route del default => del 0.0.0.0/0; > delete net default
route delete 10.20.0.0/16 => del 10.20.0.0/16; > delete net 10.20.0.0/16
route delete -net 10.20.0.0 10.8.0.2 255.255.0.0 => \
        del 10.20.0.0/16 via 10.8.0.2; > delete net 10.20.0.0: gateway 10.8.0.2
route delete -net 10.20.0.0 -netmask 255.255.0.0 => del 10.20.0.0/16; > delete net 10.20.0.0
route delete 10.20.0.0/16 10.8.0.1 => \
        del 10.20.0.0/16 dev tun0; > delete net 10.20.0.0/16: gateway 10.8.0.1
route delete -host 10.50.0.1 => del 10.50.0.1/32; > delete host 10.50.0.1
route -q delete 10.20.0.0/16 => del 10.20.0.0/16
route delete -net 10.30.0.0/16 127.0.0.1 => \
        del 10.30.0.0/16; > delete net 10.30.0.0/16: gateway 127.0.0.1
route delete -inet6 2001:db8:5::/48 => del 2001:db8:5::/48; > delete net 2001:db8:5::/48
route delete -inet6 2001:db8:5::/48 -interface tun0 => \
        del 2001:db8:5::/48 dev tun0; > delete net 2001:db8:5::/48: gateway tun0
route delete -inet6 default => del ::/0; > delete net default
route change default 10.9.0.253 => \
        change 0.0.0.0/0 via 10.9.0.253; > change net default: gateway 10.9.0.253
route change 10.20.0.0/16 10.9.0.254 => \
        change 10.20.0.0/16 via 10.9.0.254; > change net 10.20.0.0/16: gateway 10.9.0.254
route change 10.20.0.0/16 -interface tun0 => \
        change 10.20.0.0/16 dev tun0 link; > change net 10.20.0.0/16: gateway tun0
route change 10.20.0.0/16 -mtu 1300 => \
        change 10.20.0.0/16 via 10.8.0.2 dev tun0 mtu 1300; > change net 10.20.0.0/16
route change -inet6 default fe80::9%tap0 => \
        change ::/0 via fe80::9 dev tap0; > change net default: gateway fe80::9%tap0
route change 10.77.0.0/16 -mtu 1300 => ! change net 10.77.0.0/16: not in table

# Routes that are refused.
route bogus => ! bogus: unknown command
route monitor => ! monitor: not supported: use ip monitor
route add => ! add: a destination is missing
route add 10.50.0.0/16 => ! 10.50.0.0/16: a gateway is missing
route add 10.50.0.0/33 10.9.0.254 => ! 33: bad value
route add 10.50.0.0/x 10.9.0.254 => ! x: bad value
route add bogus 10.9.0.254 => ! bogus: bad address
route add 10.50.0.0/16 bogus => ! bogus: bad address
route add 10.50.0.0/16 -interface bogus => ! interface bogus does not exist
route add 10.50.0.0/16 -interface 192.0.2.9 => ! 192.0.2.9: no interface has it
route add 10.50.0.0/16 fe80::7%bogus => ! interface bogus does not exist
route add 10.50.0.0 10.9.0.254 255.0.255.0 => ! 255.0.255.0: bad netmask
route add 10.50.0.0 10.9.0.254 -netmask => ! -netmask: its argument is missing
route add 10.50.0.0 10.9.0.254 -netmask 255.0.255.0 => ! 255.0.255.0: bad netmask
route add 10.50.0.0/16 1 2 3 => ! 3: bad value
route add -inet6 10.50.0.0/16 2001:db8::254 => ! 10.50.0.0/16: bad address
route add -inet 2001:db8:5::/48 2001:db8::254 => ! 2001:db8:5::/48: bad address
route add -inet6 2001:db8:5::/129 2001:db8::254 => ! 129: bad value
route add 2001:db8:5::/48 10.9.0.254 => ! 10.9.0.254: bad address
route add -inet6 2001:db8:5:: 2001:db8::254 2001:db8::7 => ! 2001:db8::7: bad netmask
route add 10.50.0.0/16 10.9.0.254 -bogus => ! -bogus: unknown modifier
route add 10.50.0.0/16 10.9.0.254 -sticky => ! -sticky: not supported
route add 10.50.0.0/16 10.9.0.254 -expire 30 => ! -expire: not supported
route add 10.50.0.0/16 10.9.0.254 -weight 2 => ! -weight: not supported
route add 10.50.0.0/16 10.9.0.254 -fib 1 => ! -fib: not supported: use ip route with a table
route add 10.50.0.0/16 10.9.0.254 -mtu 0 => ! 0: bad value
route add 10.50.0.0/16 10.9.0.254 -ifp bogus => ! interface bogus does not exist
route -x add 10.50.0.0/16 10.9.0.254 => ! -x: unknown option
route -t add 10.50.0.0/16 10.9.0.254 => ! -t: not supported
route flush 10.50.0.0/16 => ! 10.50.0.0/16: bad value

# Showing routes.
route get 10.20.7.7 => \
        > route to: 10.20.7.7; > destination: 10.20.0.0; > mask: 255.255.0.0; > gateway: \
        10.8.0.2; > fib: 0; > interface: tun0; > flags: <UP,GATEWAY,DONE,STATIC>; > 0 0 0 0 1500 \
        1 0
route -n get 192.0.2.1 => \
        > route to: 192.0.2.1; > destination: default; > mask: default; > gateway: 10.9.0.254; > \
        fib: 0; > interface: tap0; > flags: <UP,GATEWAY,DONE,STATIC>; > 0 0 0 0 1400 1 0
route get default => \
        > route to: default; > destination: default; > mask: default; > gateway: 10.9.0.254; > \
        fib: 0; > interface: tap0; > flags: <UP,GATEWAY,DONE,STATIC>; > 0 0 0 0 1400 1 0
route -n get -inet default => \
        > route to: default; > destination: default; > mask: default; > gateway: 10.9.0.254; > \
        fib: 0; > interface: tap0; > flags: <UP,GATEWAY,DONE,STATIC>; > 0 0 0 0 1400 1 0
route get 10.20.0.0/16 => \
        > route to: 10.20.0.0/16; > destination: 10.20.0.0; > mask: 255.255.0.0; > gateway: \
        10.8.0.2; > fib: 0; > interface: tun0; > flags: <UP,GATEWAY,DONE,STATIC>; > 0 0 0 0 1500 \
        1 0
route get -net 10.20 => \
        > route to: 10.20; > destination: 10.20.0.0; > mask: 255.255.0.0; > gateway: 10.8.0.2; > \
        fib: 0; > interface: tun0; > flags: <UP,GATEWAY,DONE,STATIC>; > 0 0 0 0 1500 1 0
route get 10.9.0.1 => \
        > route to: 10.9.0.1; > destination: 10.9.0.1; > fib: 0; > interface: tap0; > flags: \
        <UP,HOST,DONE>; > 0 0 0 0 1400 1 0
route get 10.30.0.1 => \
        > route to: 10.30.0.1; > destination: 10.30.0.0; > mask: 255.255.0.0; > fib: 0; > flags: \
        <UP,REJECT,DONE,STATIC>; > 0 0 0 0 0 1 0
route get 10.40.1.1 => \
        > route to: 10.40.1.1; > destination: 10.40.1.0; > mask: 255.255.255.0; > fib: 0; > \
        interface: tun0; > flags: <UP,DONE,STATIC>; > 0 0 0 0 1300 1 0
route get 192.0.2.7 => \
        > route to: 192.0.2.7; > destination: 192.0.2.7; > gateway: fe80::7; > fib: 0; > \
        interface: tap0; > flags: <UP,GATEWAY,HOST,DONE,STATIC>; > 0 0 0 0 1400 1 0
route get 2001:db8::7 => \
        > route to: 2001:db8::7; > destination: 2001:db8::; > mask: ffff:ffff:ffff:ffff::; > \
        fib: 0; > interface: tap0; > flags: <UP,DONE>; > 0 0 0 0 1400 1 0
route get -inet6 default => \
        > route to: default; > destination: default; > mask: default; > gateway: fe80::254; > \
        fib: 0; > interface: tap0; > flags: <UP,GATEWAY,DONE,STATIC>; > 0 0 0 0 1400 1 0
route show 10.20.7.7 => \
        > route to: 10.20.7.7; > destination: 10.20.0.0; > mask: 255.255.0.0; > gateway: \
        10.8.0.2; > fib: 0; > interface: tun0; > flags: <UP,GATEWAY,DONE,STATIC>; > 0 0 0 0 1500 \
        1 0
route get 10.77.0.0/16 => ! route has not been found
route get => ! get: a destination is missing
route show => \
        > Routing tables; > ; > Internet:; > Destination Gateway Flags Netif Expire; > default \
        10.9.0.254 UGS tap0; > 10.9.0.0/24 link#3 U tap0; > 10.20.0.0/16 10.8.0.2 UGS tun0; > \
        10.30.0.0/16 - URS lo; > 10.31.0.0/16 - UBS lo; > 10.40.1.0/24 link#2 US tun0; > \
        192.0.2.7 fe80::7 UGHS tap0; > ; > Internet6:; > Destination Gateway Flags Netif Expire; \
        > 2001:db8::/64 link#3 U tap0; > default fe80::254 UGS tap0
route -n show -inet6 => \
        > Routing tables; > ; > Internet6:; > Destination Gateway Flags Netif Expire; > \
        2001:db8::/64 link#3 U tap0; > default fe80::254 UGS tap0
route -6 show => \
        > Routing tables; > ; > Internet6:; > Destination Gateway Flags Netif Expire; > \
        2001:db8::/64 link#3 U tap0; > default fe80::254 UGS tap0
route flush => \
        del 0.0.0.0/0 via 10.9.0.254 dev tap0; del 10.20.0.0/16 via 10.8.0.2 dev tun0; del \
        10.30.0.0/16 unreachable; del 10.31.0.0/16 blackhole; del 192.0.2.7/32 via fe80::7 dev \
        tap0; del ::/0 via fe80::254 dev tap0; > default 10.9.0.254 done; > 10.20.0.0 10.8.0.2 \
        done; > 10.30.0.0 - done; > 10.31.0.0 - done; > 192.0.2.7 fe80::7 done; > default \
        fe80::254 done
route -q flush => \
        del 0.0.0.0/0 via 10.9.0.254 dev tap0; del 10.20.0.0/16 via 10.8.0.2 dev tun0; del \
        10.30.0.0/16 unreachable; del 10.31.0.0/16 blackhole; del 192.0.2.7/32 via fe80::7 dev \
        tap0; del ::/0 via fe80::254 dev tap0
route flush -inet6 => del ::/0 via fe80::254 dev tap0; > default fe80::254 done
"""


class Tables(unittest.TestCase):
    """The command lines of the tables."""

    def check(self, table, least):
        lines = set()
        for line, effect in rows(table):
            with self.subTest(line):
                self.assertEqual(effect_of(line), effect)
            lines.add(line)
        self.assertGreater(len(lines), least)

    def test_ifconfig(self):
        self.check(IFCONFIG, 200)

    def test_route(self):
        self.check(ROUTE, 100)

    def test_layout(self):
        """The tables ignore white space."""
        self.assertEqual(attempt('ifconfig tun0 inet')[2].splitlines(), [
            'tun0: flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> metric 0 mtu 1500',
            '\tinet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff'])
        self.assertEqual(attempt('route get 10.20.7.7')[2].splitlines()[:4], [
            '   route to: 10.20.7.7', 'destination: 10.20.0.0', '       mask: 255.255.0.0',
            '    gateway: 10.8.0.2'])

    def test_prefixed_names(self):
        """Without bsd_names=1."""
        kernel = Kernel()
        commands.unit_prefix = lambda: ('bsd', False)
        self.assertEqual(commands.create(kernel, 'tap'), 'bsdtap0')
        self.assertEqual(commands.create(kernel, 'bsdtun'), 'bsdtun0')
        with self.assertRaisesRegex(commands.Failure, 'units are called bsdtapN here'):
            commands.create(kernel, 'tap9')

    def test_random_ethernet_address(self):
        addresses = set()
        for word in ('ether', 'lladdr', 'link'):
            request, = attempt(f'ifconfig tap0 {word} random')[1]
            self.assertRegex(request, '^tap0 address [0-9a-f][26ae](:[0-9a-f]{2}){5}$')
            addresses.add(request)
        self.assertEqual(len(addresses), 3)

    def test_usage(self):
        for line, text in (('route', 'usage: route'), ('ifconfig -h', 'usage: ifconfig'),
                           ('ifconfig --help', 'usage: ifconfig')):
            status, requests, output, error = attempt(line)
            self.assertEqual((status, requests, output), (1, [], ''))
            self.assertTrue(error.startswith(text))


class Starting(unittest.TestCase):
    """The file works wherever it is, and never succeeds without doing anything."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        os.mkdir(f'{self.directory}/bin')
        self.source = os.path.abspath(FILE)

    def fails(self, text, *argv, **options):
        ran = subprocess.run(argv, cwd=f'{self.directory}/bin', capture_output=True, text=True,
                             check=False, **options)
        self.assertEqual((ran.returncode, ran.stdout), (1, ''), ran.stderr)
        self.assertEqual(ran.stderr, text + '\n')

    def test_by_every_path(self):
        installed = f'{self.directory}/bin/ifconfig'
        # What a bind mount of the single file looks like.
        with open(self.source, 'rb') as source, open(installed, 'wb') as copy:
            copy.write(source.read())
        os.chmod(installed, 0o755)
        os.symlink(os.path.dirname(self.source) + '/route', f'{self.directory}/bin/route')
        os.symlink('bin/ifconfig', f'{self.directory}/config-of-bsd')
        os.symlink('../bin/route', f'{self.directory}/bin/route-of-bsd')
        for path in ('./ifconfig', installed, '../config-of-bsd'):
            for start in ([path], ['bash', path], ['sh', path], ['python3', path]):
                with self.subTest(start):
                    self.fails('ifconfig: bogus: bad value', *start, 'tap0', 'bogus')
        for path in ('./route', './route-of-bsd', os.path.dirname(self.source) + '/route'):
            for start in ([path], ['bash', path], ['sh', path], ['python3', path]):
                with self.subTest(start):
                    self.fails('route: bogus: unknown command', *start, 'bogus')
        search = dict(os.environ, PATH=f'{self.directory}/bin:' + os.environ['PATH'])
        self.fails('ifconfig: bogus: bad value', 'ifconfig', 'tap0', 'bogus', env=search)
        self.fails('ifconfig: bogus: bad value', 'bash', 'ifconfig', 'tap0', 'bogus', env=search)

    def test_another_name(self):
        self.fails(f'{self.source}: call this file ifconfig or route', self.source, 'tap0', 'up')

    def test_without_pyroute2(self):
        # Without the directories of packages.
        for name, words in (('ifconfig', ['-a']), ('route', ['add', 'default', '192.0.2.1'])):
            self.fails(f'{name}: pyroute2 is missing: apt install python3-pyroute2', 'python3',
                       '-I', '-S', f'{os.path.dirname(self.source)}/{name}', *words)


if __name__ == '__main__':
    unittest.main()
