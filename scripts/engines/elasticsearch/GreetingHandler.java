import java.util.List;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;

/** GET and HEAD of /: clients ask it for the version. The module that answers it is not on Maven Central. */
final class GreetingHandler extends BaseRestHandler {
  private final String node;
  private final String cluster;

  GreetingHandler(Settings settings) {
    node = settings.get("node.name");
    cluster = settings.get("cluster.name");
  }

  @Override
  public String getName() {
    return "greeting";
  }

  @Override
  public List<Route> routes() {
    return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
    return channel -> channel.sendResponse(new RestResponse(
        RestStatus.OK,
        channel.newBuilder()
            .startObject()
            .field("name", node)
            .field("cluster_name", cluster)
            .startObject("version")
            .field("number", Build.current().version())
            .field("build_flavor", "default")
            .endObject()
            .field("tagline", "You Know, for Search")
            .endObject()));
  }
}
