#!/usr/bin/python3 -I
# SPDX-License-Identifier: GPL-2.0
''':' # Started by a shell ('bash ifconfig'), it starts Python.
exec /usr/bin/python3 -I "$0" "$@"
'''
# ifconfig and route with the syntax of the BSDs, on pyroute2. See Documentation/user-guide.rst.
#
# One file for both, which imports no other of this project: it works by the name under which it is
# called, through symbolic links, and bind-mounted to another place.

import errno
import os
import random
import re
import socket
import subprocess
import sys

# What the kernel's headers define.
IFF_UP, IFF_BROADCAST, IFF_DEBUG, IFF_LOOPBACK, IFF_POINTOPOINT = 0x1, 0x2, 0x4, 0x8, 0x10
IFF_NOARP, IFF_PROMISC, IFF_ALLMULTI, IFF_MULTICAST, IFF_LOWER_UP = \
    0x80, 0x100, 0x200, 0x1000, 0x10000
IFA_F_TEMPORARY, IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TENTATIVE, IFA_F_PERMANENT = \
    0x1, 0x8, 0x20, 0x40, 0x80
NLM_F_REQUEST, NLM_F_ACK, NLM_F_REPLACE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_CREATE = \
    0x1, 0x4, 0x100, 0x300, 0x200, 0x400
RT_SCOPE_LINK, RT_SCOPE_NOWHERE, RT_TABLE_MAIN, RTM_F_FIB_MATCH = 253, 255, 254, 0x2000
RTPROT_BOOT, RTPROT_STATIC = 3, 4
RTN_UNICAST, RTN_LOCAL, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT = 1, 2, 6, 7, 8
MESSAGES = {
    'newlink': 16, 'dellink': 17, 'getlink': 18,
    'newaddr': 20, 'deladdr': 21, 'getaddr': 22,
    'newroute': 24, 'delroute': 25, 'getroute': 26,
}
AF_INET, AF_INET6 = socket.AF_INET, socket.AF_INET6
BITS = {AF_INET: 32, AF_INET6: 128}
FOREVER = 0xffffffff

LINKS = '/sys/class/net'
CLONER = '/sys/class/misc/bsdtun/uevent'
SYSCTLS = '/proc/sys/net/ipv6/conf'


class Failure(Exception):
    """The command ends with this message and exit status 1."""


class Usage(Exception):
    """The command prints its usage, and ends with exit status 1."""


class KernelError(Failure):
    """The kernel refused a request."""

    def __init__(self, code, text=None):
        super().__init__(text or os.strerror(code))
        self.code = code


# ---- netlink --------------------------------------------------------------------


class Netlink:
    """Sends requests, and returns what the kernel answers.

    A message is a dictionary of its header's fields, and a list of pairs of an attribute's name and
    value in 'attrs', in the form of pyroute2.
    """

    def __init__(self):
        # Not at the top: this takes longer than everything else here.
        try:
            from pyroute2 import IPRoute
            from pyroute2.netlink.exceptions import NetlinkError
            from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
            from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
            from pyroute2.netlink.rtnl.rtmsg import rtmsg
        except ImportError as error:
            raise Failure('pyroute2 is missing: apt install python3-pyroute2') from error
        self.error = NetlinkError
        self.formats = {'link': ifinfmsg, 'addr': ifaddrmsg, 'route': rtmsg}
        self.socket = IPRoute(ext_ack=True)

    def request(self, kind, fields, attrs=(), flags=0):
        """Sends one message. Without flags for an answer, waits for the acknowledgment."""
        message = self.formats[kind[3:]]()
        message.update(fields, attrs=[list(pair) for pair in attrs])
        if not kind.startswith('get'):
            flags |= NLM_F_ACK
        try:
            return list(self.socket.nlm_request(message, MESSAGES[kind], NLM_F_REQUEST | flags))
        except self.error as error:
            text = str(error.args[1]) if len(error.args) > 1 else ''
            raise KernelError(error.code, text.rstrip('.')) from error


def value(message, name):
    """The value of an attribute, or None."""
    for pair in message['attrs']:
        if pair[0] == name:
            return pair[1]
    return None


class Link:
    """A network interface."""

    def __init__(self, message):
        info = value(message, 'IFLA_LINKINFO')
        self.index = message['index']
        self.flags = message['flags']
        self.name = value(message, 'IFLA_IFNAME')
        self.mtu = value(message, 'IFLA_MTU')
        self.ethernet = message['ifi_type'] == 1
        self.mac = value(message, 'IFLA_ADDRESS')
        self.description = value(message, 'IFLA_IFALIAS')
        self.bridge = value(message, 'IFLA_MASTER')
        self.kind = value(info, 'IFLA_INFO_KIND') if info else None

    def attribute(self, name):
        """An attribute of a unit, in sysfs; None if it has none."""
        try:
            with open(f'{LINKS}/{self.name}/{self.kind}/{name}', encoding='ascii') as file:
                return file.read().strip()
        except OSError:
            return None


class Address:
    """An address of an interface."""

    def __init__(self, message):
        info = value(message, 'IFA_CACHEINFO') or {}
        first, local = value(message, 'IFA_ADDRESS'), value(message, 'IFA_LOCAL')
        flags = value(message, 'IFA_FLAGS')
        self.family = message['family']
        self.index = message['index']
        self.length = message['prefixlen']
        self.scope = message['scope']
        self.local = local or first
        self.peer = first if local and first != local else None
        self.broadcast = value(message, 'IFA_BROADCAST')
        self.flags = message['flags'] if flags is None else flags
        self.valid = info.get('ifa_valid', FOREVER)
        self.preferred = info.get('ifa_preferred', FOREVER)
        self.message = message

    def same(self, other):
        """Whether they differ in nothing that ifconfig sets."""
        keys = ('family', 'local', 'peer', 'length', 'broadcast', 'valid', 'preferred')
        return all(getattr(self, key) == getattr(other, key) for key in keys)

    def fields(self):
        return {'family': self.family, 'index': self.index, 'prefixlen': self.length,
                'scope': self.scope}

    def attrs(self):
        if self.peer or self.family == AF_INET:
            yield 'IFA_LOCAL', self.local
        yield 'IFA_ADDRESS', self.peer or self.local
        if self.broadcast:
            yield 'IFA_BROADCAST', self.broadcast
        if (self.valid, self.preferred) != (FOREVER, FOREVER):
            yield 'IFA_CACHEINFO', {'ifa_valid': self.valid, 'ifa_preferred': self.preferred}


def get_links(netlink):
    return [Link(message) for message in netlink.request('getlink', {}, flags=NLM_F_DUMP)]


def get_link(netlink, name):
    """The interface with this name, or None."""
    if not 0 < len(name) <= 15:
        return None
    try:
        return Link(netlink.request('getlink', {}, [('IFLA_IFNAME', name)])[0])
    except KernelError as error:
        if error.code in (errno.ENODEV, errno.EINVAL):
            return None
        raise


def need_link(netlink, name):
    link = get_link(netlink, name)
    if not link:
        raise Failure(f'interface {name} does not exist')
    return link


def get_addresses(netlink, family=0):
    messages = netlink.request('getaddr', {'family': family}, flags=NLM_F_DUMP)
    return [Address(message) for message in messages if message['family'] in BITS]


# ---- words ----------------------------------------------------------------------


def inet_aton(text):
    """An IPv4 address in the forms of inet_aton(3), where 10.4 is 10.0.0.4; or None."""
    if not re.fullmatch(r'[0-9a-fA-FxX.]+', text):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(text))
    except OSError:
        return None


def inet6_aton(text):
    try:
        return socket.inet_ntop(AF_INET6, socket.inet_pton(AF_INET6, text))
    except OSError:
        return None


def packed(family, text):
    """The number that an address is."""
    return int.from_bytes(socket.inet_pton(family, text), 'big')


def unpacked(family, number):
    return socket.inet_ntop(family, number.to_bytes(BITS[family] // 8, 'big'))


def mask_of(family, length):
    bits = BITS[family]
    return (1 << bits) - (1 << bits - length)


def length_of(family, text):
    """The prefix length of a mask: dotted or hexadecimal, or an IPv6 address."""
    mask = (inet_aton if family == AF_INET else inet6_aton)(text)
    for length in range(BITS[family] + 1):
        if mask and packed(family, mask) == mask_of(family, length):
            return length
    raise Failure(f'{text}: bad netmask')


def number(text, most, least=0):
    if not re.fullmatch('[0-9]{1,10}', text) or not least <= int(text) <= most:
        raise Failure(f'{text}: bad value')
    return int(text)


def class_length(address):
    """The prefix length of the class of an IPv4 address."""
    first = packed(AF_INET, address) >> 24
    return 8 if first < 128 else 16 if first < 192 else 24


def need_word(words, after):
    """The next word, which is the argument of the one before."""
    if not words:
        raise Failure(f'{after}: its argument is missing')
    return words.pop(0)


def unsupported(word, instead=None):
    return Failure(f'{word}: not supported' + (f': {instead}' if instead else ''))


def take_options(words, known, missing):
    """Removes the options before the first other word. Returns their letters in order."""
    letters = []
    while words and words[0][:1] == '-':
        word = words.pop(0)
        for letter in word[1:] or '-':
            if letter in missing:
                raise unsupported(f'-{letter}')
            if letter not in known:
                raise Failure(f'{word}: unknown option')
            letters.append(letter)
    return letters


# ---- ifconfig -------------------------------------------------------------------

IFCONFIG_USAGE = """\
usage: ifconfig INTERFACE create [PARAMETER...] | destroy
       ifconfig INTERFACE [inet | inet6] [ADDRESS[/LENGTH] [DESTINATION]] [PARAMETER...]
       ifconfig [-adlmuv] [INTERFACE] [inet | inet6 | ether]
parameters: netmask MASK, prefixlen LENGTH, broadcast ADDRESS, alias, -alias, delete,
       ether ADDRESS | random, mtu NUMBER, name NAME, description TEXT, addm INTERFACE,
       deletem INTERFACE, up, down, [-]arp, [-]promisc, [-]debug, [-]link0, pltime SECONDS,
       vltime SECONDS, deprecated, [-]accept_rtadv, [-]auto_linklocal, [-]ifdisabled, [-]no_dad"""

# BSD's names and bits, in the order in which they are printed.
BSD_FLAGS = (
    (0x1, 'UP', IFF_UP), (0x2, 'BROADCAST', IFF_BROADCAST), (0x4, 'DEBUG', IFF_DEBUG),
    (0x8, 'LOOPBACK', IFF_LOOPBACK), (0x10, 'POINTOPOINT', IFF_POINTOPOINT),
    (0x40, 'RUNNING', IFF_LOWER_UP), (0x80, 'NOARP', IFF_NOARP), (0x100, 'PROMISC', IFF_PROMISC),
    (0x200, 'ALLMULTI', IFF_ALLMULTI),
    # An Ethernet interface does not receive its own frames.
    (0x800, 'SIMPLEX', IFF_BROADCAST),
    (0x1000, 'LINK0', None), (0x8000, 'MULTICAST', IFF_MULTICAST),
)

# The words that set and clear a flag.
FLAG_WORDS = {
    'up': (IFF_UP, True), 'down': (IFF_UP, False),
    'arp': (IFF_NOARP, False), '-arp': (IFF_NOARP, True),
    'promisc': (IFF_PROMISC, True), '-promisc': (IFF_PROMISC, False),
    'debug': (IFF_DEBUG, True), '-debug': (IFF_DEBUG, False),
}

# The words of inet6 that are a sysctl of the interface here: its name, and the value if set.
SYSCTL_WORDS = {
    'accept_rtadv': ('accept_ra', 2), 'auto_linklocal': ('addr_gen_mode', 0),
    'ifdisabled': ('disable_ipv6', 1), 'no_dad': ('accept_dad', 0),
}

# Words of the BSDs that have no effect on an interface of Linux, and what has.
UNSUPPORTED = {
    'an interface has no media here': 'media mediaopt mode inst instance',
    'use ethtool -K': 'rxcsum txcsum rxcsum6 txcsum6 tso tso4 tso6 lro toe txtls vlanmtu '
                      'vlanhwtag vlanhwfilter vlanhwtso vlanhwcsum netmap txrtlmt',
    'use ip link': 'vlan vlandev vlanproto vlanpcp tunnel tunneldomain tunnelfib laggproto '
                   'laggport wol wol_magic polling group',
    'use ip link set netns': 'vnet jail rdomain',
    'use bridge link or ip link': 'stp edge autoedge ptp autoptp private sticky span discover '
                                  'learn static deladdr addr flush flushall maxaddr timeout '
                                  'maxage fwddelay hellotime priority protect blocknonip',
    None: 'eui64 anycast autoconf temporary prefer_source defer link1 link2 monitor vhid vrrp '
          'phase plumbrx range wgkey wgpeer eui nwid ssid authmode wpakey maclabel stealth '
          'advskew advbase pass rtlabel llprio',
}
UNSUPPORTED = {word: instead for instead, words in UNSUPPORTED.items() for word in words.split()}

FAMILIES = {'inet': AF_INET, 'inet6': AF_INET6}
LINK_WORDS = ('ether', 'link', 'lladdr')


def mac_address(text):
    if text == 'random':
        # Locally administered, unicast.
        octets = [random.SystemRandom().randrange(256) for _ in range(6)]
        octets[0] = octets[0] & 0xfc | 0x02
    elif re.fullmatch('([0-9a-fA-F]{1,2}[:-]){5}[0-9a-fA-F]{1,2}', text):
        octets = [int(octet, 16) for octet in re.split('[:-]', text)]
    else:
        raise Failure(f'{text}: bad address')
    return ':'.join(f'{octet:02x}' for octet in octets)


class Ifconfig:
    """What the words after the interface ask for. All are parsed before anything is changed."""

    def __init__(self, words, name):
        self.name = name
        self.family = None
        self.address = None
        self.length = None
        self.destination = None
        self.broadcast = None
        self.alias = False
        self.delete = False
        self.lifetimes = {}
        self.flags = {}
        self.attrs = {}
        self.members = []
        self.keep = None
        self.sysctls = []
        self.only_family = all(word in FAMILIES for word in words)
        # The first word that only makes sense with an address.
        self.needs_address = None
        self.parse(list(words))

    def parse(self, words):
        mask = None
        while words:
            word = words.pop(0)
            bare = word[1:] if word[:1] == '-' else word
            if word in FAMILIES:
                self.family = FAMILIES[word]
            elif word in ('netmask', 'prefixlen'):
                mask = word, need_word(words, word)
            elif word in ('broadcast', 'pltime', 'vltime', 'deprecated'):
                self.parse_of_address(word, words)
            elif word == 'add' and words and self.is_name(words[0]):
                # OpenBSD's word for a member of a bridge.
                self.members.append((True, words.pop(0)))
            elif word in ('alias', 'add'):
                self.alias = True
                self.needs_address = self.needs_address or word
            elif word in ('-alias', 'delete', 'remove'):
                self.delete = True
            elif word in FLAG_WORDS:
                bit, on = FLAG_WORDS[word]
                self.flags[bit] = on
            elif bare in SYSCTL_WORDS:
                file, on = SYSCTL_WORDS[bare]
                self.sysctls.append((file, on if word == bare else int(not on)))
            elif re.fullmatch('-?link0|-link[12]', word):
                self.keep = self.keep if bare != 'link0' else word == 'link0'
            elif word in ('addm', 'deletem', 'del'):
                self.members.append((word == 'addm', need_word(words, word)))
            elif not self.parse_setting(word, words):
                self.parse_address(word)
        self.finish(mask)

    @staticmethod
    def is_name(word):
        """Whether a word is an interface, and not an address or another word."""
        return re.fullmatch('[a-z_-]+[0-9]+', word) and word not in ('inet6', 'link0', '-link0')

    def parse_of_address(self, word, words):
        self.needs_address = self.needs_address or word
        if word == 'deprecated':
            self.lifetimes['pltime'] = 0
        elif word == 'broadcast':
            text = need_word(words, word)
            self.broadcast = inet_aton(text)
            if not self.broadcast:
                raise Failure(f'{text}: bad address')
        else:
            text = need_word(words, word)
            self.lifetimes[word] = FOREVER if text == 'infty' else number(text, FOREVER)

    def parse_setting(self, word, words):
        """Parses a word that sets an attribute of the interface."""
        if word == 'mtu':
            self.attrs['IFLA_MTU'] = number(need_word(words, word), 65535, 1)
        elif word in LINK_WORDS:
            self.attrs['IFLA_ADDRESS'] = mac_address(need_word(words, word))
        elif word == 'name':
            text = need_word(words, word)
            if not re.fullmatch(r'[^\s/:%]{1,15}', text) or text in ('.', '..'):
                raise Failure(f'{text}: bad name')
            self.attrs['IFLA_IFNAME'] = text
        elif word in ('description', 'descr'):
            self.attrs['IFLA_IFALIAS'] = need_word(words, word)
        elif word in ('-description', '-descr'):
            self.attrs['IFLA_IFALIAS'] = ''
        elif word in ('metric', 'fib'):
            if number(need_word(words, word), FOREVER):
                raise unsupported(word)
        else:
            return False
        return True

    def parse_address(self, word):
        """Parses a word that is none of the known ones: an address or its destination."""
        bare = word.lstrip('-')
        if bare in UNSUPPORTED:
            raise unsupported(word, UNSUPPORTED[bare])
        match = re.fullmatch(r'([0-9a-fA-FxX.:]+)(?:%([^/]*))?(?:/([0-9]+))?', word)
        if not match or match[2] not in (None, self.name):
            raise Failure(f'{word}: bad value')
        if self.family is None and ':' in match[1]:
            self.family = AF_INET6
        address = (inet6_aton if self.family == AF_INET6 else inet_aton)(match[1])
        if not address or self.destination or self.address and match[3]:
            raise Failure(f'{word}: bad value')
        if self.address:
            self.destination = address
            return
        self.address = address
        if match[3]:
            self.length = number(match[3], BITS[self.family or AF_INET])

    def finish(self, mask):
        self.family = self.family or AF_INET
        if mask:
            word, text = mask
            self.needs_address = self.needs_address or word
            self.length = number(text, BITS[self.family]) if word == 'prefixlen' else \
                length_of(self.family, text)
        if self.delete and not self.address and self.family == AF_INET6:
            self.needs_address = self.needs_address or 'delete'
        if self.needs_address and not self.address:
            raise Failure(f'{self.needs_address}: an address is missing')
        if self.address and not self.delete:
            # As on a BSD.
            self.flags.setdefault(IFF_UP, True)

    # -- applying it --

    def apply(self, netlink):
        """Returns the name of the interface if it is a new one."""
        link = need_link(netlink, self.name)
        members = [(add, need_link(netlink, name)) for add, name in self.members]
        self.set_keep(link)
        rename = self.attrs.pop('IFLA_IFNAME', None)
        up = self.flags.pop(IFF_UP, None)
        if self.flags or self.attrs:
            set_link(netlink, link, self.flags, self.attrs)
        for add, member in members:
            self.set_member(netlink, link, member, add)
        for file, setting in self.sysctls:
            write_file(f'{SYSCTLS}/{link.name}/{file}', str(setting), self.name)
        if self.delete:
            if up is False:
                # Even if there is no address to delete, as in scripts that end a tunnel.
                set_link(netlink, link, {IFF_UP: False}, {})
                up = None
            self.delete_address(netlink, link)
        elif self.address:
            self.set_address(netlink, link)
        if up is not None:
            set_link(netlink, link, {IFF_UP: up}, {})
        if rename and rename != link.name:
            set_link(netlink, link, {}, {'IFLA_IFNAME': rename})
            return rename
        return None

    def set_keep(self, link):
        """link0: whether a tap keeps its state at the last close."""
        if self.keep is None or link.kind != 'bsdtap' and not self.keep:
            return
        if link.kind != 'bsdtap':
            raise Failure(f'link0: {link.name} is no tap')
        write_file(f'{LINKS}/{link.name}/bsdtap/keep', str(int(self.keep)), link.name)

    @staticmethod
    def set_member(netlink, link, member, add):
        if link.kind != 'bridge':
            raise Failure(f'{link.name} is no bridge')
        if not add and member.bridge != link.index:
            raise Failure(f'{member.name} is no member of {link.name}')
        if add and member.bridge:
            raise Failure(f'{member.name}: {os.strerror(errno.EBUSY)}')
        set_link(netlink, member, {}, {'IFLA_MASTER': link.index if add else 0})

    def wanted(self, link):
        """The address as it is to be."""
        length, broadcast, peer = self.length, self.broadcast, self.destination
        if self.family == AF_INET6:
            length = length if length is not None else 128 if peer else 64
        else:
            if link.flags & IFF_BROADCAST:
                # The second address of a broadcast interface is its broadcast address.
                broadcast, peer = broadcast or peer, None
                length = class_length(self.address) if length is None else length
            elif length is None or peer:
                # The route of a point-to-point interface is to its destination only.
                length = 32
            if not broadcast and not peer and length <= 30 and link.flags & IFF_BROADCAST:
                host = (1 << 32) - 1 ^ mask_of(AF_INET, length)
                broadcast = unpacked(AF_INET, packed(AF_INET, self.address) | host)
        valid = self.lifetimes.get('vltime', FOREVER)
        preferred = min(self.lifetimes.get('pltime', FOREVER), valid)
        scope = 253 if self.family == AF_INET6 and packed(AF_INET6, self.address) >> 118 == 0x3fa \
            else 254 if link.flags & IFF_LOOPBACK else 0
        pairs = [('IFA_LOCAL', self.address), ('IFA_ADDRESS', peer or self.address),
                 ('IFA_BROADCAST', broadcast),
                 ('IFA_CACHEINFO', {'ifa_valid': valid, 'ifa_preferred': preferred})]
        return Address({'family': self.family, 'index': link.index, 'prefixlen': length,
                        'scope': scope, 'flags': 0, 'attrs': pairs})

    def own_addresses(self, netlink, link):
        return [address for address in get_addresses(netlink, self.family)
                if address.index == link.index and address.family == self.family]

    def set_address(self, netlink, link):
        new, old = self.wanted(link), self.own_addresses(netlink, link)
        # Without alias, an IPv4 address replaces the first; the same address is one in any case.
        first = old[:1] if self.family == AF_INET and not self.alias else []
        replaced = first + [a for a in old if a.local == new.local and a not in first]
        self.remove(netlink, link, [a for a in replaced if not a.same(new)])
        if not any(a.same(new) for a in replaced):
            netlink.request('newaddr', new.fields(), new.attrs(), NLM_F_CREATE | NLM_F_EXCL)

    def delete_address(self, netlink, link):
        old = self.own_addresses(netlink, link)
        if self.address:
            peer = None if link.flags & IFF_BROADCAST and self.family == AF_INET \
                else self.destination
            old = [a for a in old if a.local == self.address and peer in (None, a.peer)]
        if not old:
            raise Failure(f'{self.address or link.name}: {os.strerror(errno.EADDRNOTAVAIL)}')
        self.remove(netlink, link, old[:1])

    def remove(self, netlink, link, addresses):
        """Deletes addresses, and only these."""
        if not addresses:
            return
        others = [a for a in self.own_addresses(netlink, link)
                  if not any(a.same(other) for other in addresses)]
        for address in addresses:
            netlink.request('deladdr', address.fields(), address.attrs())
        if self.family == AF_INET6 or not others:
            return
        # Linux deletes the other IPv4 addresses of a subnet with the first.
        left = self.own_addresses(netlink, link)
        for address in others:
            if not any(address.same(other) for other in left):
                netlink.request('newaddr', address.fields(), address.attrs(),
                                NLM_F_CREATE | NLM_F_EXCL)


def set_link(netlink, link, flags, attrs):
    fields = {'index': link.index,
              'flags': sum(bit for bit, on in flags.items() if on), 'change': sum(flags)}
    netlink.request('newlink', fields, attrs.items())


def write_file(path, text, name):
    try:
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
    except OSError as error:
        raise Failure(f'{name}: {os.path.basename(path)}: {error.strerror}') from error


# -- creating --


def unit_prefix():
    """What names of units begin with: 'bsd', unless the module was loaded with bsd_names=1.

    Returns it, and whether this has loaded the module.
    """
    loaded = False
    if not os.path.exists(CLONER):
        try:
            loaded = subprocess.run(['modprobe', 'bsdtun'], check=False).returncode == 0
        except OSError:
            pass
    try:
        with open(CLONER, encoding='ascii') as file:
            return '' if 'DEVNAME=tun\n' in file else 'bsd', loaded
    except OSError as error:
        raise Failure('the module bsdtun is not loaded') from error


def create(netlink, name):
    """Creates a unit or a bridge. Returns its name."""
    match = re.fullmatch('((bsd)?(tun|tap|vmnet)|bridge)(0|[1-9][0-9]{0,4})?', name)
    if not match:
        raise Failure(f'{name}: no kind of unit is called so')
    prefix, kind, loaded = 'bridge', 'bridge', False
    if match[3]:
        bsd, loaded = unit_prefix()
        prefix, kind = bsd + match[3], 'bsd' + match[3]
    if match[4]:
        if name != prefix + match[4]:
            raise Failure(
                f"{name}: units are called {prefix}N here, see the module's parameter bsd_names")
        try:
            new_link(netlink, name, kind)
        except KernelError as error:
            # Loading the module may have created it.
            if not loaded or error.code != errno.EEXIST:
                raise Failure(f'{name}: {error}') from error
        return name
    taken = {link.name for link in get_links(netlink)}
    for n in range(32768):
        name = f'{prefix}{n}'
        if name in taken:
            continue
        try:
            new_link(netlink, name, kind)
            return name
        except KernelError as error:
            # The number of a unit in another network namespace.
            if error.code != errno.EEXIST:
                raise
    raise Failure(f'{prefix}: {os.strerror(errno.ENOSPC)}')


def new_link(netlink, name, kind):
    info = {'attrs': [['IFLA_INFO_KIND', kind]]}
    netlink.request('newlink', {}, [('IFLA_IFNAME', name), ('IFLA_LINKINFO', info)],
                    NLM_F_CREATE | NLM_F_EXCL)


# -- showing --


def flags_line(link, keep):
    shown = [(bit, name) for bit, name, flag in BSD_FLAGS
             if (link.flags & flag if flag else keep)]
    names = ','.join(name for _, name in shown)
    return f'{link.name}: flags={sum(bit for bit, _ in shown):x}<{names}> metric 0 mtu {link.mtu}'


def address_line(link, address, lifetimes):
    peer = f' --> {address.peer}' if address.peer else ''
    if address.family == AF_INET:
        line = f'\tinet {address.local}{peer} netmask {mask_of(AF_INET, address.length):#010x}'
        if address.broadcast:
            line += f' broadcast {address.broadcast}'
        return line
    scoped = address.scope == 253
    line = f'\tinet6 {address.local}' + (f'%{link.name}' if scoped else '')
    line += f'{peer} prefixlen {address.length}'
    for bit, name in ((IFA_F_TENTATIVE, 'tentative'), (IFA_F_DADFAILED, 'duplicated'),
                      (IFA_F_DEPRECATED, 'deprecated'), (IFA_F_TEMPORARY, 'temporary')):
        if address.flags & bit:
            line += f' {name}'
    if scoped:
        line += f' scopeid {link.index:#x}'
    if lifetimes:
        for name, left in (('pltime', address.preferred), ('vltime', address.valid)):
            line += f' {name} ' + ('infty' if left == FOREVER else str(left))
    return line


def show(link, links, addresses, family, lifetimes):
    """Prints an interface: all of it, or only a family."""
    keep, owner = link.attribute('keep'), link.attribute('owner')
    print(flags_line(link, keep == '1'))
    if link.description:
        print(f'\tdescription: {link.description}')
    if link.ethernet and family in (None, 'link'):
        print(f'\tether {link.mac}')
    for address in addresses:
        if address.index == link.index and family in (None, address.family):
            print(address_line(link, address, lifetimes))
    if family is not None:
        return
    for member in links:
        if member.bridge == link.index and link.kind == 'bridge':
            print(f'\tmember: {member.name} flags=3<LEARNING,DISCOVER>')
    if link.ethernet:
        print('\tstatus: ' + ('active' if link.flags & IFF_LOWER_UP else 'no carrier'))
    if owner not in (None, '0'):
        print(f'\tOpened by PID {owner}')


def show_links(netlink, options, family, links):
    """The interfaces that -u and -d choose, with -l only their names."""
    every = get_links(netlink)
    addresses = get_addresses(netlink)
    chosen = [link for link in links or every
              if ('u' not in options or link.flags & IFF_UP)
              and ('d' not in options or not link.flags & IFF_UP)]
    if 'l' not in options:
        for link in chosen:
            show(link, every, addresses, family, 'L' in options)
        return
    if family == 'link':
        chosen = [link for link in chosen if link.ethernet]
    elif family:
        with_family = {address.index for address in addresses if address.family == family}
        chosen = [link for link in chosen if link.index in with_family]
    print(' '.join(link.name for link in chosen))


def ifconfig(words, connect):
    if words in (['-h'], ['--help']):
        raise Usage
    options = set(take_options(words, 'aAdkLlmnuv', missing='CDfGgjRrsX'))
    families = dict(FAMILIES, **{word: 'link' for word in LINK_WORDS})
    listing = not words or options & set('aAl') or len(words) == 1 and words[0] in families
    if listing:
        family = families.get(words[0]) if words else None
        if words and (family is None or len(words) > 1):
            raise Failure(f'{words[0 if family is None else 1]}: bad value')
        show_links(connect(), options, family, None)
        return
    name = words.pop(0)
    if words[:1] in (['create'], ['plumb']):
        # Parsed before anything is created.
        Ifconfig(words[1:], name)
        netlink = connect()
        created = create(netlink, name)
        wanted = Ifconfig(words[1:], created)
        renamed = wanted.apply(netlink) if words[1:] else None
        if renamed or created != name:
            print(renamed or created)
    elif words[:1] in (['destroy'], ['unplumb']):
        if len(words) > 1:
            raise Failure(f'{words[1]}: bad value')
        netlink = connect()
        netlink.request('dellink', {'index': need_link(netlink, name).index})
    elif not words or len(words) == 1 and words[0] in families:
        netlink = connect()
        show_links(netlink, options, families.get(words[0]) if words else None,
                   [need_link(netlink, name)])
    else:
        wanted = Ifconfig(words, name)
        if wanted.only_family:
            raise Failure(f'{words[-1]}: bad value')
        renamed = wanted.apply(connect())
        if renamed:
            print(renamed)


# ---- route ----------------------------------------------------------------------

ROUTE_USAGE = """\
usage: route [-46nqv] add | change | delete [MODIFIER...] DESTINATION[/LENGTH] [GATEWAY [MASK]]
       route [-46nqv] get | show [MODIFIER...] [DESTINATION[/LENGTH]]
       route [-46nq] flush [-inet | -inet6]
modifiers: -inet, -inet6, -net, -host, -netmask MASK, -prefixlen LENGTH, -interface, -ifp
       INTERFACE, -ifa ADDRESS, -mtu NUMBER, -static, -nostatic, -reject, -blackhole"""

ROUTE_COMMANDS = {'add': 'add', 'change': 'change', 'delete': 'delete', 'del': 'delete',
                  'get': 'get', 'show': 'show', 'flush': 'flush'}
ROUTE_FAMILIES = {'-inet': AF_INET, '-4': AF_INET, '-inet6': AF_INET6, '-6': AF_INET6}
ROUTE_UNSUPPORTED = {word: None for word in (
    '-link -genmask -xresolve -sticky -nosticky -cloning -nocloning -proto1 -proto2 -proto3 -llinfo'
    ' -osi -x25 -iso -sa -lock -lockrest -hopcount -expire -recvpipe -sendpipe -ssthresh -rtt'
    ' -rttvar -weight -priority -label -mpath -tag -mpls -jumbo -cloned').split()}

# What BSD's route says for an error.
ROUTE_ERRORS = {errno.EEXIST: 'route already in table', errno.ESRCH: 'not in table',
                errno.ENOENT: 'not in table', errno.ENETUNREACH: 'Network is unreachable',
                errno.EHOSTUNREACH: 'Network is unreachable'}


class Route:
    """What the words after the command ask for."""

    def __init__(self, command, words, family):
        self.command = command
        self.family = family
        self.kind = None
        self.length = None
        self.interface = False
        self.ifp = None
        self.ifa = None
        self.mtu = None
        self.proto = RTPROT_STATIC
        self.type = RTN_UNICAST
        self.destination = None
        self.mask = None
        self.plain = self.parse(words)
        self.gateway = self.plain[1] if len(self.plain) > 1 else None
        if self.plain:
            self.parse_destination(self.plain[0])
            self.parse_third()

    def parse(self, words):
        """Parses the modifiers. Returns the other words."""
        plain = []
        while words:
            word = words.pop(0)
            if word in ROUTE_FAMILIES:
                # After the destination it is the family of the gateway, which its form shows.
                if not plain:
                    self.family = ROUTE_FAMILIES[word]
            elif word in ('-net', '-host'):
                self.kind = word[1:]
            elif word in ('-netmask', '-prefixlen'):
                self.mask = word, need_word(words, word)
            elif word in ('-interface', '-iface'):
                self.interface = True
            elif word == '-ifp':
                self.ifp = need_word(words, word)
            elif word == '-ifa':
                self.ifa = need_word(words, word)
            elif word == '-mtu':
                self.mtu = number(need_word(words, word), 65535, 1)
            elif word in ('-static', '-nostatic'):
                self.proto = RTPROT_STATIC if word == '-static' else RTPROT_BOOT
            elif word in ('-reject', '-blackhole'):
                self.type = RTN_UNREACHABLE if word == '-reject' else RTN_BLACKHOLE
            elif word in ('-dst', '-gateway'):
                plain.append(need_word(words, word))
            elif word == '-fib':
                if number(need_word(words, word), FOREVER):
                    raise unsupported(word, 'use ip route with a table')
            elif word in ROUTE_UNSUPPORTED:
                raise unsupported(word)
            elif word[:1] == '-':
                raise Failure(f'{word}: unknown modifier')
            else:
                plain.append(word)
        if len(plain) > 3:
            raise Failure(f'{plain[3]}: bad value')
        return plain

    def parse_destination(self, text):
        if self.family is None:
            # Of default and -net, the gateway shows the family.
            shown = text if text != 'default' else (self.plain + [''])[1]
            self.family = AF_INET6 if ':' in shown else AF_INET
        bits = BITS[self.family]
        if self.mask:
            word, mask = self.mask
            self.length = number(mask, bits) if word == '-prefixlen' else \
                length_of(self.family, mask)
        if text == 'default':
            self.destination, self.length = unpacked(self.family, 0), 0
        else:
            address, slash, length = text.partition('/')
            if not (inet_aton if self.family == AF_INET else inet6_aton)(address.partition('%')[0]):
                raise Failure(f'{text}: bad address')
            if slash:
                self.length = number(length, bits)
            self.parse_network(address, bool(slash))
            if self.kind == 'host':
                self.length = bits
            network = packed(self.family, self.destination) & mask_of(self.family, self.length)
            self.destination = unpacked(self.family, network)
        if not self.kind:
            self.kind = 'host' if self.length == bits else 'net'

    def parse_network(self, text, slash):
        """Finds the address, and the length if nothing else gives it, as a BSD does."""
        if self.family == AF_INET6:
            self.destination = inet6_aton(text.partition('%')[0])
            if self.length is None:
                host = packed(AF_INET6, self.destination)
                self.length = 0 if not host else 64 if not host & (1 << 64) - 1 else 128
            return
        self.destination = inet_aton(text)
        parts = text.split('.')
        if (slash or self.kind == 'net') and len(parts) < 4:
            # 10.20 is 10.20.0.0 then, and 10.0.0.20 otherwise.
            self.destination = inet_aton('.'.join(parts + ['0'] * (4 - len(parts))))
            if not self.destination:
                raise Failure(f'{text}: bad address')
            if self.length is None:
                self.length = 8 * len(parts)
        if self.length is not None:
            return
        host = packed(AF_INET, self.destination)
        if self.kind != 'net' and host & ~mask_of(AF_INET, class_length(self.destination)):
            self.length = 32
        else:
            # A network, which ends with its last octet that is not 0.
            self.length = next(n for n in (0, 8, 16, 24, 32) if not host & ~mask_of(AF_INET, n))

    def parse_third(self):
        """The third word is a mask; after -interface it may be the next hop on the interface."""
        if len(self.plain) < 3:
            return
        third = self.plain[2]
        address = (inet_aton if self.family == AF_INET else inet6_aton)(third.partition('%')[0])
        try:
            length = length_of(self.family, third)
        except Failure:
            if not self.interface or not address:
                raise
            self.ifp, self.gateway, self.interface = self.gateway, third, False
            return
        network = packed(self.family, self.destination) & mask_of(self.family, length)
        self.length, self.destination = length, unpacked(self.family, network)
        if self.kind != 'host':
            self.kind = 'net'

    def line(self):
        """What is printed on success, and begins an error message."""
        gateway = f': gateway {self.gateway}' if self.gateway else ''
        return f'{self.command} {self.kind} {self.plain[0]}{gateway}'

    # -- requests --

    def message(self, **fields):
        base = {'family': self.family, 'dst_len': self.length, 'table': RT_TABLE_MAIN,
                'type': self.type, 'proto': self.proto, 'scope': 0}
        attrs = [('RTA_DST', self.destination)] if self.length else []
        return dict(base, **fields), attrs

    def next_hop(self, netlink):
        """The attributes for gateway and interface."""
        attrs = []
        index = need_link(netlink, self.ifp).index if self.ifp else None
        if self.gateway:
            attrs, found = self.resolve(netlink)
            index = index or found
        if index:
            attrs.append(('RTA_OIF', index))
        return attrs

    def resolve(self, netlink):
        """The attributes for the gateway's address, and its interface."""
        text, _, name = self.gateway.partition('%')
        index = need_link(netlink, name).index if name else None
        family = AF_INET6 if ':' in text else AF_INET
        address = (inet6_aton if family == AF_INET6 else inet_aton)(text)
        if not address:
            if self.interface or get_link(netlink, text):
                return [], need_link(netlink, text).index
            raise Failure(f'{text}: bad address')
        # An address of this machine stands for its interface.
        for own in get_addresses(netlink, family):
            if own.local == address and index in (None, own.index):
                return [], own.index
        if self.interface:
            raise Failure(f'{text}: no interface has it')
        if family == self.family:
            return [('RTA_GATEWAY', address)], index
        if family == AF_INET:
            raise Failure(f'{text}: bad address')
        return [('RTA_VIA', {'family': family, 'addr': address})], index

    def send(self, netlink):
        if self.command != 'delete' and not self.gateway and not self.ifp and \
                self.type == RTN_UNICAST and not (self.command == 'change' and self.mtu):
            raise Failure(f'{self.plain[0]}: a gateway is missing')
        reject = self.type != RTN_UNICAST
        loopback = self.gateway and self.command == 'delete' and \
            re.fullmatch(r'127(\.[0-9]+){3}|::1', self.gateway)
        hop = [] if reject or loopback else self.next_hop(netlink)
        if self.command == 'change' and not hop and not reject:
            hop = self.current_hop(netlink)
        if self.command == 'delete':
            fields, attrs = self.message(scope=RT_SCOPE_NOWHERE, type=0, proto=0)
            netlink.request('delroute', fields, attrs + hop)
            return
        direct = not reject and self.family == AF_INET and \
            not any(name in ('RTA_GATEWAY', 'RTA_VIA') for name, _ in hop)
        fields, attrs = self.message(scope=RT_SCOPE_LINK if direct else 0)
        if self.ifa:
            attrs.append(('RTA_PREFSRC', self.ifa))
        if self.mtu:
            attrs.append(('RTA_METRICS', {'attrs': [['RTAX_MTU', self.mtu]]}))
        netlink.request('newroute', fields, attrs + hop,
                        NLM_F_CREATE | NLM_F_EXCL if self.command == 'add' else NLM_F_REPLACE)

    def current_hop(self, netlink):
        route = self.exact(netlink)
        if not route:
            raise KernelError(errno.ESRCH)
        return [(name, value(route, name)) for name in ('RTA_GATEWAY', 'RTA_VIA', 'RTA_OIF')
                if value(route, name)]

    def exact(self, netlink):
        """The route to just this destination."""
        for route in get_routes(netlink, self.family):
            if route['dst_len'] == self.length and \
                    (value(route, 'RTA_DST') or unpacked(self.family, 0)) == self.destination:
                return route
        return None

    def find(self, netlink):
        """The route that a packet to the destination takes."""
        if self.length != BITS[self.family]:
            return self.exact(netlink)
        try:
            return netlink.request('getroute', {'family': self.family, 'dst_len': self.length,
                                                'flags': RTM_F_FIB_MATCH},
                                   [('RTA_DST', self.destination)])[0]
        except KernelError:
            # The kernel reports a route that rejects as an error.
            matches = [route for route in get_routes(netlink, self.family)
                       if self.covered_by(route)]
            return max(matches, key=lambda route: route['dst_len'], default=None)

    def covered_by(self, route):
        mask = mask_of(self.family, route['dst_len'])
        network = packed(self.family, value(route, 'RTA_DST') or unpacked(self.family, 0))
        return packed(self.family, self.destination) & mask == network & mask


def get_routes(netlink, family):
    """The main table, without the kernel's multicast routes."""
    return [route for route in netlink.request('getroute', {'family': family}, flags=NLM_F_DUMP)
            if route['family'] == family and route['type'] != 5
            and (value(route, 'RTA_TABLE') or route['table']) == RT_TABLE_MAIN]


def gateway_of(route):
    via = value(route, 'RTA_VIA')
    if via:
        return via['addr']
    hops = value(route, 'RTA_MULTIPATH')
    return value(route, 'RTA_GATEWAY') or (value(hops[0], 'RTA_GATEWAY') if hops else None)


def interface_of(route):
    hops = value(route, 'RTA_MULTIPATH')
    return value(route, 'RTA_OIF') or (hops[0]['oif'] if hops else 0)


def rejects(route):
    return route['type'] in (RTN_UNREACHABLE, RTN_BLACKHOLE, RTN_PROHIBIT)


def route_flags(route):
    """Pairs of the letter and the name of the flags that a BSD shows."""
    yield 'U', 'UP'
    if gateway_of(route):
        yield 'G', 'GATEWAY'
    if route['dst_len'] == BITS[route['family']]:
        yield 'H', 'HOST'
    if route['type'] in (RTN_UNREACHABLE, RTN_PROHIBIT):
        yield 'R', 'REJECT'
    if route['type'] == RTN_BLACKHOLE:
        yield 'B', 'BLACKHOLE'
    yield '', 'DONE'
    if route['proto'] in (RTPROT_STATIC, RTPROT_BOOT):
        yield 'S', 'STATIC'


def show_route(netlink, route, asked):
    """route get."""
    links = {link.index: link for link in get_links(netlink)}
    link = links.get(interface_of(route))
    family, length = route['family'], route['dst_len']
    metrics = value(route, 'RTA_METRICS')
    mtu = (value(metrics, 'RTAX_MTU') if metrics else None) or (link.mtu if link else 0)
    lines = [('route to', asked),
             ('destination', value(route, 'RTA_DST') if length else 'default')]
    if length != BITS[family]:
        lines.append(('mask', unpacked(family, mask_of(family, length)) if length else 'default'))
    if gateway_of(route):
        lines.append(('gateway', gateway_of(route)))
    lines.append(('fib', '0'))
    if link:
        lines.append(('interface', link.name))
    lines.append(('flags', '<' + ','.join(name for _, name in route_flags(route)) + '>'))
    for name, text in lines:
        print(f'{name:>11}: {text}')
    print(' recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire')
    print(f'       0         0         0         0  {mtu:8}         1         0 ')


def show_table(netlink, families):
    """route show without a destination: the table, as netstat -rn prints it."""
    links = {link.index: link.name for link in get_links(netlink)}
    print('Routing tables')
    for family in families:
        print('\nInternet{}:'.format('6' if family == AF_INET6 else ''))
        width = 18 if family == AF_INET else 33
        print('{:{w}} {:{w}} {:9} {:>7} {}'.format('Destination', 'Gateway', 'Flags', 'Netif',
                                                   'Expire', w=width))
        for route in get_routes(netlink, family):
            length = route['dst_len']
            name = value(route, 'RTA_DST') if length else 'default'
            if length not in (0, BITS[family]):
                name += f'/{length}'
            gateway = gateway_of(route) or (
                'link#{}'.format(interface_of(route)) if not rejects(route) else '-')
            letters = ''.join(letter for letter, _ in route_flags(route))
            line = '{:{w}} {:{w}} {:9} {:>7}'.format(
                name, gateway, letters, links.get(interface_of(route), 'lo'), w=width)
            print(line.rstrip())


def flush_routes(netlink, families, quiet):
    """Deletes the routes with a gateway, and those that reject and were added by hand."""
    for family in families:
        for route in get_routes(netlink, family):
            by_hand = route['proto'] in (RTPROT_STATIC, RTPROT_BOOT)
            if not gateway_of(route) and not (rejects(route) and by_hand):
                continue
            keys = ('family', 'dst_len', 'src_len', 'tos', 'table', 'proto', 'scope', 'type')
            names = ('RTA_DST', 'RTA_GATEWAY', 'RTA_VIA', 'RTA_OIF', 'RTA_PRIORITY')
            attrs = [(name, value(route, name)) for name in names if value(route, name)]
            netlink.request('delroute', {key: route[key] for key in keys}, attrs)
            if not quiet:
                name = value(route, 'RTA_DST') if route['dst_len'] else 'default'
                print('{:20} {:20} done'.format(name, gateway_of(route) or '-'))


def route(words, connect):
    options = take_options(words, '46nqv', missing='dtTN')
    quiet, family = 'q' in options, None
    for letter in options:
        family = {'4': AF_INET, '6': AF_INET6}.get(letter, family)
    if not words:
        raise Usage
    word = words.pop(0)
    if word == 'monitor':
        raise unsupported(word, 'use ip monitor')
    if word not in ROUTE_COMMANDS:
        raise Failure(f'{word}: unknown command')
    command = ROUTE_COMMANDS[word]
    wanted = Route(command, words, family)
    if not wanted.plain:
        if command not in ('flush', 'show'):
            raise Failure(f'{word}: a destination is missing')
        families = [wanted.family] if wanted.family else [AF_INET, AF_INET6]
        netlink = connect()
        if command == 'show':
            show_table(netlink, families)
        else:
            flush_routes(netlink, families, quiet)
        return
    if command == 'flush':
        raise Failure(f'{wanted.plain[0]}: bad value')
    netlink = connect()
    if command in ('get', 'show'):
        found = wanted.find(netlink)
        if not found:
            raise Failure('route has not been found')
        show_route(netlink, found, wanted.plain[0])
        return
    try:
        wanted.send(netlink)
    except KernelError as error:
        raise Failure(f'{wanted.line()}: {ROUTE_ERRORS.get(error.code, error)}') from error
    if not quiet:
        print(wanted.line())


# ---------------------------------------------------------------------------------

COMMANDS = {'ifconfig': ifconfig, 'route': route}
USAGES = {'ifconfig': IFCONFIG_USAGE, 'route': ROUTE_USAGE}


def command_name(path):
    """ifconfig or route: the name by which this is called, or that of a link on the way to it."""
    for _ in range(40):
        name = os.path.basename(path)
        if name in COMMANDS:
            return name
        if not os.path.islink(path):
            break
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return None


def run(name, words, connect=Netlink):
    """Returns the exit status."""
    try:
        COMMANDS[name](words, connect)
        sys.stdout.flush()
    except Usage:
        print(USAGES[name], file=sys.stderr)
        return 1
    except Failure as failure:
        print(f'{name}: {failure}', file=sys.stderr)
        return 1
    except OSError as error:
        print(f'{name}: {error.strerror}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    NAME = command_name(sys.argv[0])
    if not NAME:
        sys.exit(f'{sys.argv[0]}: call this file ifconfig or route')
    sys.exit(run(NAME, sys.argv[1:]))
