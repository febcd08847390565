import { declareMetrics } from '../../lib/metrics.ts';

export const metrics = declareMetrics({
  rabbitmq_connected: {
    type: 'gauge',
    help: '1 while the connection to RabbitMQ stands; `connection` is publishing or consuming',
    labels: ['connection'],
  },
  rabbitmq_connections_lost: {
    type: 'counter',
    help: 'Connections to RabbitMQ that were lost',
    labels: ['connection'],
  },
  rabbitmq_blocked: {
    type: 'gauge',
    help: '1 while RabbitMQ takes no tasks because its memory or disk is short',
  },
  rabbitmq_unroutable: {
    type: 'counter',
    help: 'Tasks that RabbitMQ had no queue for; their publishers were told',
  },
  rabbitmq_confirm_seconds: { type: 'histogram', help: 'Time from sending a task to its confirmation' },
});
