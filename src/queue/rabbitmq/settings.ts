import type { SettingsSchema } from '../../lib/settings.ts';
import { type DeliverySettings, deliverySchema } from '../settings.ts';

export interface RabbitSettings extends DeliverySettings {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  readonly tls_ca: string;
  readonly tls_cert: string;
  readonly tls_key: string;
  readonly connection_name: string;
  readonly priority_queue_name: string;
  readonly standard_queue_name: string;
  readonly reprocessing_queue_name: string;
  readonly dead_queue_name: string;
  readonly control_name: string;
  /** Milliseconds, as all times. */
  readonly heartbeat: number;
  readonly connect_timeout: number;
  readonly confirm_timeout: number;
  readonly reconnect_base: number;
  readonly reconnect_cap: number;
  readonly max_unconfirmed: number;
  readonly poll_interval: number;
  readonly consumer_timeout: number;
}

const address: SettingsSchema<
  Pick<
    RabbitSettings,
    'url' | 'username' | 'password' | 'vhost' | 'tls_ca' | 'tls_cert' | 'tls_key' | 'connection_name'
  >
> = {
  url: {
    doc: 'Server: amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS. RabbitMQ 3.10 or newer.',
    format: String,
    default: 'amqp://localhost:5672',
    sensitive: true,
  },
  username: {
    doc: 'User. Empty: that of the URL, else guest, whom the server lets in from its own machine only.',
    format: String,
    default: '',
  },
  password: {
    doc: 'Password. Empty: that of the URL, else guest.',
    format: String,
    default: '',
    sensitive: true,
  },
  vhost: { doc: 'Virtual host. Empty: that of the URL, else `/`.', format: String, default: '' },
  tls_ca: {
    doc: "File of the certificates (PEM) by which an amqps:// server is judged. Empty: the system's.",
    format: String,
    default: '',
  },
  tls_cert: { doc: 'File of our own certificate (PEM), when the server asks.', format: String, default: '' },
  tls_key: { doc: 'File of the key (PEM) of QUEUE_TLS_CERT.', format: String, default: '' },
  connection_name: {
    doc: "What our connections are called in the server's lists; what each is for is added.",
    format: 'name',
    default: 'auxilio',
  },
};

const names: SettingsSchema<
  Pick<
    RabbitSettings,
    | 'priority_queue_name'
    | 'standard_queue_name'
    | 'reprocessing_queue_name'
    | 'dead_queue_name'
    | 'control_name'
  >
> = {
  priority_queue_name: {
    doc: "Queue of the priority lane. Each lane's delayed tasks lie in queues of this name and `.delay.SECONDS`.",
    format: 'name',
    default: 'socorro.priority',
  },
  standard_queue_name: { doc: 'Queue of the standard lane.', format: 'name', default: 'socorro.normal' },
  reprocessing_queue_name: {
    doc: 'Queue of the reprocessing lane.',
    format: 'name',
    default: 'socorro.reprocessing',
  },
  dead_queue_name: { doc: 'Queue of the dead letters.', format: 'name', default: 'socorro.dead' },
  control_name: {
    doc: 'Exchange through which processes tell each other that a task has come or a crash was removed; the queues that it needs begin with this name.',
    format: 'name',
    default: 'socorro.control',
  },
};

const times: SettingsSchema<
  Pick<
    RabbitSettings,
    | 'heartbeat'
    | 'connect_timeout'
    | 'confirm_timeout'
    | 'reconnect_base'
    | 'reconnect_cap'
    | 'max_unconfirmed'
    | 'poll_interval'
    | 'consumer_timeout'
  >
> = {
  heartbeat: {
    doc: 'A connection that is silent for two to three times this long is given up. Whole seconds; 0 asks for no heartbeats.',
    format: 'duration',
    default: 20_000,
  },
  connect_timeout: {
    doc: 'How long it may take to reach the server and to be let in.',
    format: 'duration',
    default: 10_000,
  },
  confirm_timeout: {
    doc: 'How long the server may take to confirm a task or to answer any other request; then the connection is given up and made anew.',
    format: 'duration',
    default: 10_000,
  },
  reconnect_base: {
    doc: 'First pause before a lost connection is made anew; it doubles while the server stays away.',
    format: 'duration',
    default: 200,
  },
  reconnect_cap: {
    doc: 'The longest pause between two attempts to reach the server.',
    format: 'duration',
    default: 15_000,
  },
  max_unconfirmed: {
    doc: 'Tasks that may be on their way to the server without its confirmation; more wait their turn.',
    format: 'nat',
    default: 256,
  },
  poll_interval: {
    doc: 'How soon a task is noticed that a program other than Auxilio has published; those of Auxilio are noticed at once.',
    format: 'duration',
    default: 1_000,
  },
  consumer_timeout: {
    doc: "The server's own `consumer_timeout`, which it tells nobody: it takes a task back that is in hand for longer. 30 minutes unless rabbitmq.conf says otherwise; 0 when it is switched off there. PROCESSOR_TASK_TIMEOUT must stay a minute below it.",
    format: 'duration',
    default: 1_800_000,
  },
};

export const rabbitSchema: SettingsSchema<RabbitSettings> = {
  ...address,
  ...names,
  ...times,
  ...deliverySchema,
};
