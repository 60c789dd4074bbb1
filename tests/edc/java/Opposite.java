/** What EDC needs to stand opposite a node under test, and ships no way to set: keys for its data plane's tokens; a
 *  provider that waits for a person (datasets whose id starts with "held" are not agreed to until the management API is
 *  told what to do); a policy function, for out of the box no constraint is ever judged: odrl:count is refused. */
package opposite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.eclipse.edc.connector.controlplane.contract.spi.negotiation.ContractNegotiationPendingGuard;
import org.eclipse.edc.connector.controlplane.contract.spi.negotiation.store.ContractNegotiationStore;
import org.eclipse.edc.connector.controlplane.contract.spi.policy.ContractNegotiationPolicyContext;
import org.eclipse.edc.connector.controlplane.contract.spi.types.negotiation.ContractNegotiation.Type;
import org.eclipse.edc.connector.controlplane.contract.spi.types.negotiation.ContractNegotiationStates;
import org.eclipse.edc.policy.engine.spi.PolicyEngine;
import org.eclipse.edc.policy.engine.spi.RuleBindingRegistry;
import org.eclipse.edc.policy.model.Permission;
import org.eclipse.edc.runtime.metamodel.annotation.Inject;
import org.eclipse.edc.runtime.metamodel.annotation.Provider;
import org.eclipse.edc.spi.EdcException;
import org.eclipse.edc.spi.query.QuerySpec;
import org.eclipse.edc.spi.security.Vault;
import org.eclipse.edc.spi.system.ServiceExtension;
import org.eclipse.edc.spi.system.ServiceExtensionContext;

public class Opposite implements ServiceExtension {
    private static final String ODRL = "http://www.w3.org/ns/odrl/2/";
    private static final String SCOPE = "contract.negotiation";

    @Inject
    private Vault vault;
    @Inject
    private ContractNegotiationStore negotiations;
    @Inject
    private PolicyEngine policies;
    @Inject
    private RuleBindingRegistry bindings;

    @Provider
    public ContractNegotiationPendingGuard guard() {
        return negotiation -> negotiation.getType() == Type.PROVIDER
                && negotiation.getState() == ContractNegotiationStates.REQUESTED.code()
                && negotiation.getLastContractOffer().getAssetId().startsWith("held");
    }

    /** EDC's command that ends a negotiation leaves it pending, so that nothing would ever be sent. */
    private void letGo() {
        negotiations.queryNegotiations(QuerySpec.max())
                .filter(one -> one.isPending() && one.getState() == ContractNegotiationStates.TERMINATING.code())
                .toList()
                .forEach(one -> {
                    one.setPending(false);
                    negotiations.save(one);
                });
    }

    private static Thread daemon(Runnable work) {
        var thread = new Thread(work);
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void initialize(ServiceExtensionContext context) {
        bindings.bind(ODRL + "use", SCOPE);
        bindings.bind(ODRL + "count", SCOPE);
        policies.registerFunction(ContractNegotiationPolicyContext.class, Permission.class, ODRL + "count",
                (operator, value, rule, about) -> {
                    about.reportProblem("Counted use is not for you.");
                    return false;
                });
        Executors.newSingleThreadScheduledExecutor(Opposite::daemon)
                .scheduleWithFixedDelay(this::letGo, 100, 100, TimeUnit.MILLISECONDS);
        var folder = Path.of(context.getSetting("opposite.keys", "."));
        for (var alias : new String[] {"private.pem", "public.pem"}) {
            try {
                vault.storeSecret(alias, Files.readString(folder.resolve(alias)));
            } catch (IOException e) {
                throw new EdcException(e);
            }
        }
    }
}
