// SPDX-License-Identifier: GPL-2.0
//
// The life of units, their nodes and their numbers, for spin: programs, administrators, the end of
// a network namespace and the removal of the module run at the same time, in every order.
//
// Each inline definition names the functions that it models. A section under a spin lock, or under
// a mutex in which nothing else is taken, is one atomic step. Mutexes in which others nest are
// variables that hold their owner. Documentation/locking.rst has the locks and their order.
//
// Checked in every state: no deadlock (a state without a next one in which a process has not
// ended), and the assertions. Among the deadlocks is a module that cannot be removed because a
// reference to it is left: the process that removes it waits until there is none.
//
// A scenario, SCENARIO_*, selects the processes. A planted defect, DEFECT_*, changes one step.

#define UNITS		3	// over the whole run; one more fails as if memory were short
#define NUMBERS		2

#ifdef SCENARIO_vmnet
#define VMNET		1	// the interface stays up, and packets are queued for the next program
#else
#define VMNET		0
#endif

// References to the module that an open node has.
#ifdef DEFECT_FILE_DOES_NOT_PIN
#define PINS		0
#else
#define PINS		1
#endif

#define HOST		0	// network namespace of the host
#define CONTAINER	1	// network namespace of a container

mtype = { ABSENT, PRESENT, GONE };				// NodeState
mtype = { NOT_OPEN, OPEN, CLOSING };				// lifecycle::Opener
mtype = { UNREGISTERED, REGISTERED, UNREGISTERING, FREED };	// net_device::reg_state

typedef Unit {
	byte number;
	byte refs;		// Arc<Private<Unit>>
	bit freed;
	byte net;
	bit charged;		// owned by a user namespace: has no node
	mtype opener;
	bit queues_while_closed;
	bit running;
	bit revoked;
	bit queued;		// a packet is in the queue
	bit asleep;		// the reader
	bit transient;
	bit was_opened;
	bit up_work;		// an idle ReturnWorkItem
	bit retire;		// Unit::retire_node
	mtype node;
	bit dev;		// Private::dev is set
	mtype device;
	byte users;		// RCU sections with the device
	byte ifname;		// the number in the interface's name; NUMBERS is any other name
};

Unit unit[UNITS];
byte made;

// Registry. In the arrays of units, 0 is none and N is unit N - 1.
bit number_used[NUMBERS];
byte cloned[NUMBERS];
bit retired[NUMBERS];
bit closing;

// The misc core, and NodeTarget::unit of each node.
bit node_registered[NUMBERS];
byte node_target[NUMBERS];
bit cloner_registered = 1;

// Locks: 0, or the process number of the owner plus 1.
byte misc_mtx;
byte rtnl;
byte node_state[UNITS];
byte pernet_readers;
byte pernet_writer;
byte srcu_readers;

// Bit N: unit N, unregistered under RTNL as it is held now. The core's net_todo_list.
byte todo;
byte unregistering;	// the core's dev_unreg_count

// The module.
byte module_refs;
bit module_going;
bit module_gone;
bit link_registered = 1;
bit address_notifier_running;

byte container_users;	// processes in the container's network namespace

#define LOCK(lock)	atomic { lock == 0 -> lock = _pid + 1 }
#define UNLOCK(lock)	atomic { assert(lock == _pid + 1); lock = 0 }
#define HELD(lock)	(lock == _pid + 1)

// A function of the module runs.
#define MODULE_CODE	assert(!module_gone)

#define ACCEPTS(u)	((unit[u].opener == OPEN || unit[u].queues_while_closed) && \
			 unit[u].running && !unit[u].revoked)

// Variables that hold nothing are 0, so that states that differ in nothing else are the same.
#define LOCALS \
	byte u, n, v, t, i, mine; \
	bit ok, item, by_admin, under_pernet, got; \
	mtype state

// ---------------------------------------------------------------------------------- references

// Registry::remove_cloned. The entry may only be the caller's. Never the last reference.
inline remove_cloned(n_, owner_)
{
	atomic {
		t = cloned[n_];
		cloned[n_] = 0;
		assert(t == 0 || t == owner_ + 1);
		if
		:: t -> assert(unit[t - 1].refs > 1); unit[t - 1].refs--
		:: else
		fi;
		t = 0
	}
}

// Drop of an Arc<Private<Unit>>; of the last one: Unit, and the UnitId of a node never made.
inline put(u_)
{
	atomic {
		MODULE_CODE;
		assert(unit[u_].refs > 0 && !unit[u_].freed);
		unit[u_].refs--;
		if
		:: unit[u_].refs == 0 ->
			unit[u_].freed = 1;
			assert(!unit[u_].queued);
			assert(!unit[u_].up_work);
			assert(unit[u_].device == FREED || unit[u_].device == UNREGISTERED);
			assert(unit[u_].node != PRESENT);
			if
			:: unit[u_].node == ABSENT ->
				assert(cloned[unit[u_].number] == 0);
				assert(number_used[unit[u_].number]);
				number_used[unit[u_].number] = 0;
				unit[u_].node = GONE
			:: else
			fi
		:: else
		fi
	}
}

// ------------------------------------------------------------------------------------ the queue

// TxQueue::revoke
inline revoke(u_)
{
	atomic {
		unit[u_].revoked = 1;
		unit[u_].queued = 0;
#ifndef DEFECT_SLEEPERS_NOT_WOKEN
		unit[u_].asleep = 0;
#endif
	}
}

// NetdevOps::stop, TxQueue::down
inline down(u_)
{
	atomic {
		unit[u_].running = 0;
		unit[u_].queued = 0
	}
}

// ------------------------------------------------------------------------- the end of a unit

// unregister_netdevice(), VTable::uninit, NetdevOps::uninit. RTNL.
inline unregister(u_)
{
	assert(HELD(rtnl));
	assert(unit[u_].device == REGISTERED);
	assert(unit[u_].dev);
	unit[u_].device = UNREGISTERING;
	down(u_);
	unit[u_].dev = 0;
	if
	:: by_admin
	:: else -> unit[u_].retire = 1
	fi;
	revoke(u_);
#ifndef DEFECT_NO_GRACE_PERIOD
	// synchronize_net()
	unit[u_].users == 0;
#endif
#ifdef DEFECT_NODE_REMOVED_UNDER_RTNL
	remove_node(u_);
#endif
	atomic {
		todo = todo | (1 << u_);
		unregistering++
	}
}

// Drop of the UnitId.
inline free_number(u_)
{
	remove_cloned(unit[u_].number, u_);
	atomic {
		assert(number_used[unit[u_].number]);
		number_used[unit[u_].number] = 0
	}
}

// Drop of the NodeDevice: misc_deregister().
inline deregister_node(n_)
{
	// Else a container's exit could wait for a program that opens some misc device.
	assert(!under_pernet);
	LOCK(misc_mtx);
	atomic {
		assert(node_registered[n_]);
		node_registered[n_] = 0;
		t = node_target[n_];
		node_target[n_] = 0;
	}
	UNLOCK(misc_mtx);
}

// Unit::remove_node, Node::remove
inline remove_node(u_)
{
	LOCK(node_state[u_]);
	atomic {
		state = unit[u_].node;
		unit[u_].node = GONE
	}
	UNLOCK(node_state[u_]);
	n = unit[u_].number;
#ifdef DEFECT_NUMBER_FREED_FIRST
	if
	:: state != GONE -> free_number(u_)
	:: else
	fi;
#endif
	if
	:: state == PRESENT ->
#ifdef DEFECT_NODES_NEVER_RETIRED
		if
		:: 0 ->
#else
		if
		:: unit[u_].retire || closing ->
#endif
			// NodeDevice::retire
			atomic {
				t = node_target[n];
				node_target[n] = 0
			}
			assert(t == u_ + 1);
			put(t - 1);
			t = 0;
			// UnitId::retire
			atomic {
				assert(!retired[n]);
				retired[n] = 1
			}
		:: else ->
			deregister_node(n);
			assert(t == u_ + 1);
			put(t - 1);
			t = 0
		fi
	:: else
	fi;
#ifndef DEFECT_NUMBER_FREED_FIRST
	if
	:: state != GONE -> free_number(u_)
	:: else
	fi;
#endif
	n = 0;
	state = 0
}

// VTable::priv_destructor, NetdevOps::priv_destructor, and free_netdev().
inline priv_destructor(u_)
{
	MODULE_CODE;
	assert(!HELD(rtnl) && !HELD(misc_mtx));
	assert(unit[u_].device == UNREGISTERING);
	remove_node(u_);
	atomic {
		assert(unit[u_].users == 0);
		unit[u_].device = FREED
	}
	// That of the PrivArea.
	put(u_);
	atomic {
		assert(unregistering > 0);
		unregistering--
	}
}

// rtnl_unlock(), netdev_run_todo(): a task completes what it has unregistered.
inline rtnl_unlock()
{
	atomic {
		assert(HELD(rtnl));
		mine = todo;
		todo = 0;
		rtnl = 0
	}
	do
	:: mine == 0 -> break
	:: else ->
		// Of a node that is being opened, misc_mtx is held.
		assert(!HELD(misc_mtx));
		d_step {
			v = 0;
			do
			:: mine & (1 << v) -> break
			:: else -> v++
			od;
			mine = mine & ~(1 << v)
		}
		priv_destructor(v);
		v = 0
	od
}

// ------------------------------------------------------------------------------- a new unit

// Registration::register_device, LinkOps::newlink, netdev_ops::register. RTNL. Sets ok and u.
// `wanted` is a number, or NUMBERS for the lowest one whose interface name is free too.
inline create(wanted, net_, charged_)
{
	MODULE_CODE;
	assert(HELD(rtnl));
	// Registry::allocate, Registry::allocate_lowest
	d_step {
		ok = 0;
		n = 0;
		do
		:: n == NUMBERS -> break
		:: else ->
			i = 0;
			got = 0;
			do
			:: i == UNITS -> break
			:: else ->
				got = got || (unit[i].device == REGISTERED && unit[i].ifname == n);
				i++
			od;
			i = 0;
			if
			:: !number_used[n] && (wanted == n || (wanted == NUMBERS && !got)) ->
				ok = 1;
				break
			:: else -> n++
			fi
		od;
		if
		:: ok && !got && made < UNITS ->
			number_used[n] = 1;
			u = made;
			made++;
			// One reference is the PrivArea's, one the caller's.
			unit[u].refs = 2;
			unit[u].number = n;
			unit[u].net = net_;
			unit[u].charged = charged_;
			unit[u].ifname = n;
			unit[u].node = ABSENT;
			unit[u].opener = NOT_OPEN;
			unit[u].device = UNREGISTERED;
			// Nothing is left of the number's last unit, except a retired node.
			assert(cloned[n] == 0);
			assert(node_registered[n] == retired[n]);
			assert(node_target[n] == 0)
		:: else -> ok = 0	// EEXIST, or no memory
		fi;
		got = 0;
		n = 0
	}
	if
	:: ok ->
		if
		:: atomic { unit[u].dev = 1; unit[u].device = REGISTERED }
		:: // register_netdevice() fails after ndo_init: ndo_uninit, then the PrivArea is emptied.
			unit[u].dev = 1;
			unit[u].dev = 0;
			revoke(u);
			unit[u].users == 0;
			put(u);
			put(u);
			ok = 0;
			u = 0
		fi
	:: else
	fi
}

// Registry::add_cloned. The caller has a reference, so that none of these is the last.
inline add_cloned(u_)
{
#ifdef DEFECT_CLONED_ENTRY_REPLACED
	atomic {
		t = cloned[unit[u_].number];
		cloned[unit[u_].number] = u_ + 1;
		unit[u_].refs++;
		// The unit of somebody else is not forgotten.
		assert(t == 0 || t == u_ + 1);
		if
		:: t -> unit[t - 1].refs--
		:: else
		fi;
		t = 0
	}
	if
	:: unit[u_].revoked -> remove_cloned(unit[u_].number, u_)
	:: else
	fi
#else
	atomic {
#ifdef DEFECT_CLONED_WHEN_GONE
		if
		:: 1 ->
#else
		if
		:: !unit[u_].revoked ->
#endif
			t = cloned[unit[u_].number];
			assert(t == 0 || t == u_ + 1);
			if
			:: t == 0 ->
				cloned[unit[u_].number] = u_ + 1;
				unit[u_].refs++
			:: else
			fi
		:: else
		fi;
		t = 0
	}
#endif
}

// Registered::run, registered, LinkOps::registered, Node::create, Node::offer_to_cloner: the
// ReturnWorkItem of a new unit, with its reference to the unit.
inline registered(u_)
{
	MODULE_CODE;
	ok = 1;
	LOCK(node_state[u_]);
	if
	:: unit[u_].node == ABSENT && unit[u_].charged ->
		add_cloned(u_)
	:: unit[u_].node == ABSENT && !unit[u_].charged ->
		n = unit[u_].number;
		if
		:: retired[n] ->
			// UnitId::unretire
			retired[n] = 0;
			// NodeDevice::take_over
			atomic {
				assert(node_registered[n] && node_target[n] == 0);
				node_target[n] = u_ + 1;
				unit[u_].refs++
			}
			unit[u_].node = PRESENT
		:: else ->
			LOCK(misc_mtx);
			if
			:: atomic {
				// misc_register(): device_create() refuses the name of another.
				assert(!node_registered[n] && node_target[n] == 0);
				node_registered[n] = 1;
				node_target[n] = u_ + 1;
				unit[u_].refs++
			}
			:: ok = 0
			fi;
			UNLOCK(misc_mtx);
			if
			:: ok -> unit[u_].node = PRESENT
			:: else
			fi
		fi;
		n = 0
	:: else
	fi;
	UNLOCK(node_state[u_]);
	if
	:: ok ->
		// The node exists when the system call that made the unit returns.
		assert(unit[u_].node != ABSENT || unit[u_].charged)
	:: else ->
		LOCK(rtnl);
		if
		:: unit[u_].dev -> by_admin = 1; unregister(u_); by_admin = 0
		:: else
		fi;
		rtnl_unlock()
	fi;
	ok = 0;
	put(u_);
	put_module()
}

// fops_put() of a ReturnWorkItem
inline put_module()
{
	atomic {
		assert(module_refs > 0 && !module_gone);
		module_refs--
	}
}

// fops_put() of an open node
inline put_file()
{
	atomic {
		assert(module_refs >= PINS);
		module_refs = module_refs - PINS
	}
}

// ------------------------------------------------------------------------- open and last close

// Unit::arm_up_work
inline arm_up_work(u_)
{
	atomic {
		// ReturnWorkItem::new, which may fail.
		if
		:: !module_going -> module_refs++; item = 1
		:: item = 0
		fi
	}
	atomic {
#ifdef DEFECT_ARMED_WHEN_CLOSED
		if
		:: 1 ->
#else
		if
		:: unit[u_].opener == OPEN ->
#endif
			// The old one is dropped.
			module_refs = module_refs - unit[u_].up_work;
			unit[u_].up_work = item
		:: else -> module_refs = module_refs - item
		fi;
		item = 0
	}
}

// open_unit. misc_mtx. Sets ok.
inline open_unit(u_)
{
	MODULE_CODE;
	assert(HELD(misc_mtx));
	// Private::device_rcu, and the check of the capability
	atomic {
		ok = unit[u_].dev;
		unit[u_].users = unit[u_].users + ok
	}
	if
	:: ok ->
		atomic {
			assert(unit[u_].device != FREED);
			unit[u_].users--
		}
		// TxQueue::open, Lifecycle::open
		atomic {
			if
			:: unit[u_].revoked || unit[u_].opener != NOT_OPEN -> ok = 0
			:: else ->
				unit[u_].opener = OPEN;
				unit[u_].queues_while_closed = 0;
				unit[u_].was_opened = 1
			fi
		}
	:: else
	fi;
	if
	:: ok ->
		arm_up_work(u_);
		// Device::carrier_on, under RCU
		atomic {
			got = unit[u_].dev;
			unit[u_].users = unit[u_].users + got
		}
		if
		:: got ->
			atomic {
				assert(unit[u_].device != FREED);
				unit[u_].users--;
				got = unit[u_].running
			}
		:: else
		fi;
		if
		:: got ->
			// Device::activate
			LOCK(rtnl);
			assert(!unit[u_].dev || unit[u_].device == REGISTERED);
			rtnl_unlock()
		:: else
		fi;
		got = 0
	:: else
	fi
}

// UnitFile::release, and the references of the file.
inline release(u_)
{
	MODULE_CODE;
	// TxQueue::begin_close
	atomic {
		assert(unit[u_].opener == OPEN);
#ifdef DEFECT_CLOSING_CAN_BE_OPENED
		unit[u_].opener = NOT_OPEN;
#else
		unit[u_].opener = CLOSING;
#endif
		unit[u_].queued = 0;
		unit[u_].queues_while_closed = VMNET
	}
	// Unit::disarm_up_work
	atomic {
		module_refs = module_refs - unit[u_].up_work;
		unit[u_].up_work = 0
	}
	LOCK(rtnl);
	if
	:: unit[u_].dev ->
		// The interface of the next program is not set down.
		assert(unit[u_].opener != OPEN);
		// Kind::last_close
		if
		:: !VMNET -> down(u_)
		:: else
		fi;
		if
		:: unit[u_].transient -> unregister(u_)
		:: else
		fi
	:: else
	fi;
	rtnl_unlock();
	// TxQueue::end_close
	atomic {
		unit[u_].opener = NOT_OPEN
	}
	put(u_);
	put_file()
}

// make_fresh. misc_mtx.
inline make_fresh(u_)
{
	if
	:: unit[u_].was_opened ->
		LOCK(rtnl);
		if
		:: unit[u_].dev ->
			assert(unit[u_].opener == NOT_OPEN);
			down(u_)
		:: else
		fi;
		rtnl_unlock();
		// Expired::remove waits for work of the core that takes RTNL.
		rtnl == 0
	:: else
	fi
}

// misc_open() and UnitNode::open. Sets ok and u.
inline open_node(n_)
{
	LOCK(misc_mtx);
	atomic {
		// fops_get()
		ok = node_registered[n_] && !module_going;
		module_refs = module_refs + ok * PINS
	}
	if
	:: ok ->
		// NodeTarget::unit
		atomic {
			MODULE_CODE;
			ok = node_target[n_] != 0;
			if
			:: ok ->
				u = node_target[n_] - 1;
				unit[u].refs++
			:: else
			fi
		}
		if
		:: ok ->
			open_unit(u);
			if
			:: ok
			:: else -> put(u); u = 0
			fi
		:: else
		fi;
		if
		:: ok
		:: else -> put_file()
		fi
	:: else
	fi;
	UNLOCK(misc_mtx)
}

// misc_open() and Cloner::open; then the work of a new unit. Sets ok and u.
inline open_cloner(net_)
{
	LOCK(misc_mtx);
	atomic {
		ok = cloner_registered && !module_going;
		module_refs = module_refs + ok * PINS
	}
	if
	:: ok ->
		do
		::
			// Registry::find_cloned
			d_step {
				ok = 0;
				i = 0;
				do
				:: i == NUMBERS -> break
				:: else ->
					if
					:: cloned[i] && unit[cloned[i] - 1].dev &&
					   unit[cloned[i] - 1].net == net_ &&
					   unit[cloned[i] - 1].opener == NOT_OPEN &&
					   !unit[cloned[i] - 1].revoked ->
						u = cloned[i] - 1;
						unit[u].refs++;
						ok = 1;
						break
					:: else -> i++
					fi
				od;
				i = 0
			}
			if
			:: ok ->
				make_fresh(u);
				open_unit(u);
				if
				:: ok -> break
				:: else -> put(u); u = 0
				fi
			:: else -> break
			fi
		od;
		if
		:: ok
		:: else ->
			// Registration::add_in
			atomic { module_refs++ }
			LOCK(rtnl);
			create(NUMBERS, net_, net_ == CONTAINER);
			if
			:: ok -> unit[u].refs++; got = 1
			:: else
			fi;
			rtnl_unlock();
			if
			:: ok ->
				add_cloned(u);
				// The work runs when the system call returns, in registered().
				got = 0;
				open_unit(u);
				item = ok;
				UNLOCK(misc_mtx);
				registered(u);
				ok = item;
				item = 0;
				LOCK(misc_mtx);
				if
				:: ok
				:: else -> put(u); u = 0
				fi
			:: else -> put_module()
			fi
		fi;
		if
		:: ok
		:: else -> put_file()
		fi
	:: else
	fi;
	UNLOCK(misc_mtx)
}

// ---------------------------------------------------------------------------------- processes

// A program that opens a numbered node. It has CAP_NET_ADMIN on the host, or not.
proctype program(byte n_; bit transient_)
{
	LOCALS;

	open_node(n_);
	if
	:: ok ->
		ok = 0;
		if
		:: transient_ -> unit[u].transient = 1
		:: else
		fi;
		release(u)
	:: else
	fi
}

proctype cloner_program(byte net_)
{
	LOCALS;

	open_cloner(net_);
	if
	:: net_ == CONTAINER -> container_users--
	:: else
	fi;
	if
	:: ok ->
		ok = 0;
		release(u)
	:: else
	fi
}

// UnitFile::read_iter, TxQueue::dequeue: a thread of a program that reads until the unit is gone.
proctype reading_program()
{
	LOCALS;

	open_node(0);
	if
	:: ok ->
		ok = 0;
		do
		:: atomic {
			MODULE_CODE;
			if
			:: unit[u].queued ->
				assert(!unit[u].revoked);
				unit[u].queued = 0
			:: unit[u].revoked && !unit[u].queued -> break
			:: else -> unit[u].asleep = 1
			fi
		}
			!unit[u].asleep
		od;
		release(u)
	:: else
	fi
}

// NetdevOps::start_xmit, TxQueue::enqueue, under RCU. The core calls it for an interface that it
// has found before.
proctype sender()
{
	LOCALS;

	do
	:: atomic {
		unit[0].device == REGISTERED || unit[0].device == FREED || unit[0].device == UNREGISTERING;
		if
		:: unit[0].device == REGISTERED && i < 2 -> unit[0].users++
		:: else -> break
		fi
	}
		i++;
		atomic {
			MODULE_CODE;
			assert(unit[0].device != FREED);
			if
			:: ACCEPTS(0) ->
				assert(!unit[0].revoked);
				unit[0].queued = 1;
				unit[0].asleep = 0
			:: else
			fi
		}
		unit[0].users--
	od
}

// rtnl_newlink(), Registration::newlink
proctype link_add(byte wanted; byte net_)
{
	LOCALS;

	atomic {
		// rtnl_link_ops_get()
		ok = link_registered;
		srcu_readers = srcu_readers + ok
	}
	if
	:: ok ->
		LOCK(rtnl);
		atomic {
			// ReturnWorkItem::new
			ok = !module_going;
			module_refs = module_refs + ok
		}
		if
		:: ok ->
			create(wanted, net_, net_ == CONTAINER);
			if
			:: ok ->
				// The local reference becomes the work's.
				if
				:: skip
				:: // The core fails the request, and removes the interface.
					by_admin = (net_ == HOST);
					unregister(u);
					by_admin = 0
				fi
			:: else -> put_module()
			fi
		:: else
		fi;
		rtnl_unlock();
		srcu_readers--;
		if
		:: ok -> registered(u)
		:: else
		fi
	:: else
	fi;
	if
	:: net_ == CONTAINER -> container_users--
	:: else
	fi
}

// rtnl_dellink(): removes the interface of any unit, by the host's administrator or not.
proctype link_del(bit admin)
{
	LOCALS;

	LOCK(rtnl);
	if
	:: unit[0].device == REGISTERED -> u = 1
	:: unit[1].device == REGISTERED -> u = 2
	:: else
	fi;
	if
	:: u ->
		u--;
		by_admin = admin;
		unregister(u);
		rtnl_unlock();
		// The node is gone when the system call returns, or opens nothing.
		assert(node_target[unit[u].number] != u + 1 && unit[u].node == GONE)
	:: else -> rtnl_unlock()
	fi
}

// dev_open(), NetdevOps::open; dev_close()
proctype up_and_down()
{
	LOCALS;

	LOCK(rtnl);
	if
	:: unit[0].device == REGISTERED -> unit[0].running = 1
	:: else
	fi;
	rtnl_unlock();
	LOCK(rtnl);
	if
	:: unit[0].device == REGISTERED -> down(0)
	:: else
	fi;
	rtnl_unlock()
}

// AddressEvents::address_added, called under RTNL (IPv4) or RCU (IPv6); UpWork::run
proctype address_added(bit ipv6)
{
	LOCALS;

	if
	:: !ipv6 -> LOCK(rtnl)
	:: else
	fi;
	atomic {
		// Unregistering the notifier waits for this.
		ok = unit[0].device == REGISTERED && !module_going;
		address_notifier_running = ok;
		unit[0].users = unit[0].users + ok
	}
	if
	:: ok ->
		MODULE_CODE;
		ok = unit[0].dev && !unit[0].running;
		ok = ok && unit[0].opener == OPEN;
		if
		:: ok ->
			// Unit::disarm_up_work, ReturnWorkItem::queue
			atomic {
				ok = unit[0].up_work;
				unit[0].up_work = 0;
				unit[0].refs = unit[0].refs + ok
			}
		:: else
		fi;
		atomic {
			unit[0].users--;
			address_notifier_running = 0
		}
	:: else
	fi;
	if
	:: !ipv6 -> rtnl_unlock()
	:: else
	fi;
	if
	:: ok ->
		ok = 0;
		MODULE_CODE;
		LOCK(rtnl);
		if
		:: unit[0].dev ->
			atomic {
				if
				:: unit[0].opener == OPEN -> got = 1
				:: else
				fi
			}
			if
			:: got ->
				assert(unit[0].device == REGISTERED);
				unit[0].running = 1;
				got = 0
			:: else
			fi
		:: else
		fi;
		rtnl_unlock();
		arm_up_work(0);
		put(0);
		put_module()
	:: else
	fi
}

// dev_change_net_namespace(): the driver only sees that the interface is set down.
proctype move_to_container()
{
	LOCALS;

	LOCK(rtnl);
	if
	:: unit[0].device == REGISTERED -> down(0); unit[0].net = CONTAINER
	:: else
	fi;
	rtnl_unlock();
	container_users--
}

// netif_change_name(): to the name of unit 1, if that is free.
proctype rename()
{
	LOCK(rtnl);
	if
	:: unit[0].device == REGISTERED && !(unit[1].device == REGISTERED && unit[1].ifname == 1) ->
		unit[0].ifname = 1
	:: else
	fi;
	UNLOCK(rtnl)
}

// cleanup_net(), default_device_exit_batch()
proctype container_exit()
{
	LOCALS;

	container_users == 0;
	atomic {
		pernet_writer == 0;
		pernet_readers++
	}
	under_pernet = 1;
	LOCK(rtnl);
	do
	:: i == UNITS -> break
	:: else ->
		if
		:: unit[i].device == REGISTERED && unit[i].net == CONTAINER -> unregister(i)
		:: else
		fi;
		i++
	od;
	i = 0;
	rtnl_unlock();
	under_pernet = 0;
	pernet_readers--
}

// Some other driver: misc_mtx, then RTNL, as rfkill.
proctype other_misc_device()
{
	LOCK(misc_mtx);
	LOCK(rtnl);
	UNLOCK(rtnl);
	UNLOCK(misc_mtx)
}

// delete_module(), drop of Bsdtun and VariantDriver, rtnl_link_unregister()
proctype rmmod()
{
	LOCALS;

	// try_stop_module(). A user repeats rmmod until no file is open.
	atomic {
		module_refs == 0;
		module_going = 1
	}
	// Drop of the Notifiers
	!address_notifier_running;
	// Registry::close
	closing = 1;
	// The cloner's MiscDevice
	LOCK(misc_mtx);
	cloner_registered = 0;
	UNLOCK(misc_mtx);
	// Drop of the Registration: rtnl_link_unregister()
	link_registered = 0;
	srcu_readers == 0;
	atomic {
		pernet_readers == 0 && pernet_writer == 0;
		pernet_writer = _pid + 1
	}
	under_pernet = 1;
#ifdef DEFECT_NO_WAIT_FOR_DESTRUCTORS
	LOCK(rtnl);
#else
	// rtnl_lock_unregistering_all()
	atomic {
		rtnl == 0 && unregistering == 0;
		rtnl = _pid + 1
	}
#endif
	do
	:: i == UNITS -> break
	:: else ->
		if
		:: unit[i].device == REGISTERED -> by_admin = 1; unregister(i); by_admin = 0
		:: else
		fi;
		i++
	od;
	i = 0;
	rtnl_unlock();
	under_pernet = 0;
	pernet_writer = 0;
	// Drop of the Registry: the retired nodes
	do
	:: i == NUMBERS -> break
	:: else ->
		if
		:: retired[i] ->
			retired[i] = 0;
			deregister_node(i);
			assert(t == 0)
		:: else
		fi;
		i++
	od;
	i = 0;
	atomic {
		module_gone = 1;
		assert(module_refs == 0 && unregistering == 0 && todo == 0);
		do
		:: i == NUMBERS -> break
		:: else ->
			assert(!number_used[i] && !cloned[i] && !retired[i]);
			assert(!node_registered[i] && !node_target[i]);
			i++
		od;
		i = 0;
		do
		:: i == made -> break
		:: else ->
			assert(unit[i].freed && unit[i].refs == 0 && unit[i].node == GONE);
			i++
		od;
		i = 0
	}
}

// Unit 0 as after load, with its node.
inline loaded_unit()
{
	unit[0].refs = 2;	// of the PrivArea and the NodeTarget
	unit[0].node = PRESENT;
	unit[0].opener = NOT_OPEN;
	unit[0].dev = 1;
	unit[0].device = REGISTERED;
	number_used[0] = 1;
	node_registered[0] = 1;
	node_target[0] = 1;
	made = 1
}

init {
	atomic {
#if defined(SCENARIO_numbered)
		// Two programs, one of which destroys the unit by its close, against deletion.
		loaded_unit();
		run program(0, 0);
		run program(0, 1);
		run link_del(1);
#elif defined(SCENARIO_create)
		// A number is used again: by the host after a process without its privileges.
		loaded_unit();
		run link_del(0);
		run link_add(0, HOST);
		run program(0, 0);
		run link_del(1);
#elif defined(SCENARIO_cloner)
		// Programs share what the cloner gives while it is deleted.
		run cloner_program(HOST);
		run cloner_program(HOST);
		run link_del(1);
#elif defined(SCENARIO_container)
		// The cloner's units of a container, which ends.
		container_users = 2;
		run cloner_program(CONTAINER);
		run link_add(NUMBERS, CONTAINER);
		run container_exit();
#elif defined(SCENARIO_shared)
		// Host and container use the same numbers.
		container_users = 1;
		run cloner_program(HOST);
		run link_add(0, CONTAINER);
		run link_del(1);
#elif defined(SCENARIO_address)
		// Addresses set the interface of an open unit up, and a program closes it.
		loaded_unit();
		run program(0, 0);
		run address_added(0);
		run address_added(1);
		run link_del(1);
#elif defined(SCENARIO_move)
		// The interface is moved to a container, which ends, and renamed.
		loaded_unit();
		container_users = 1;
		run program(0, 1);
		run cloner_program(HOST);
		run move_to_container();
		run rename();
		run container_exit();
#elif defined(SCENARIO_traffic) || defined(SCENARIO_vmnet)
		// Packets, sleeping readers, and an interface set up and down.
		loaded_unit();
		run reading_program();
		run sender();
		run up_and_down();
		run link_del(1);
#else
#error "no scenario"
#endif
#if !defined(SCENARIO_cloner) && !defined(SCENARIO_move)
		run other_misc_device();
#endif
		run rmmod()
	}
}
